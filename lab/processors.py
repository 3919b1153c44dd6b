"""Does a model give the same numbers on processors that this machine has not?

    python -m lab.processors hub/asmnet-68-int8 hub/asmnet-68 --test ../shared/data/300w/test

Runs each model on the portraits of ``examples/`` and on test photos, here and under emulated
processors, and compares: landmarks of portraits with the golden values of ``tests/golden_values``,
the NME and angles with what this machine gives, and the NME of a model "NAME-int8" with that of
"NAME" on this machine. Exit code 1 if a figure is past its limit; angles have none. Needs
``qemu-x86_64`` (Debian's package ``qemu-user``); takes about a minute a processor and model on a
free core.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.cli.terminal import print_table
from asmnet_sdk.datasets import AnnotatedFace, read_annotations
from asmnet_sdk.evaluation.metrics import inter_ocular_nme
from asmnet_sdk.layouts import IBUG_68
from asmnet_sdk.results import BoundingBox

__all__ = ["Comparison", "compare", "predict_on"]

PROCESSORS = ("Haswell", "Skylake-Client", "Nehalem")
"""AVX2 without VNNI, the same of a later make, and SSE4.2 without AVX: what x86 offers."""

MOST_NME = 0.02
"""Percent of the eye distance by which the NME may differ from this machine's."""
MOST_NME_OF_INT8 = 0.05
"""By how much that of an 8-bit model may be larger than the float model's."""
MOST_SHIFT_PERCENT = 1.0
"""By how much of the eye distance a landmark of a portrait may lie beside its golden value."""

# On some machines OpenBLAS takes the emulated processor for one that has AVX; every one has SSE4.2.
_EMULATED = {"OPENBLAS_CORETYPE": "Nehalem"}

_REPOSITORY = Path(__file__).resolve().parent.parent
_PROGRAM = """
import json, sys
from asmnet_sdk import FaceAligner
model, jobs = json.load(sys.stdin)
aligner = FaceAligner(model, device="cpu", threads=1)
print(json.dumps([aligner.predict(photo, box)[0].to_dict() for photo, box in jobs]))
"""

Job: TypeAlias = tuple[str, Sequence[float]]
"""A photo and the box of the face in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How far a model under a processor is from golden values and from this machine."""

    nme_percent: float
    """On the test photos; NaN without."""
    nme_difference: float
    """From this machine's NME on the same photos."""
    worst_shift_percent: float
    """Farthest landmark of the portraits from its golden value, in percent of the eye distance."""
    usual_angle_degrees: float
    """19 of 20 angles of portraits and photos differ from this machine's by at most as much."""
    worst_angle_degrees: float
    """The largest of these differences."""
    nme_over_float: float
    """How much larger the NME is than the float model's on this machine; NaN without either."""

    @property
    def is_kept(self) -> bool:
        """Whether all differences are within their limits."""
        return (
            not self.nme_difference > MOST_NME  # NaN without test photos
            and not self.nme_over_float > MOST_NME_OF_INT8
            and self.worst_shift_percent <= MOST_SHIFT_PERCENT
        )


def predict_on(processor: str | None, model: Path, jobs: Sequence[Job]) -> list[dict[str, Any]]:
    """Return what a model gives for each job, as ``Face.to_dict`` writes it.

    Args:
        processor: A name of ``qemu-x86_64 -cpu help``; None is the processor of this machine.
        model: The model file.
        jobs: Photos and boxes.

    Raises:
        subprocess.CalledProcessError: The program failed under this processor.
    """
    emulator = [] if processor is None else ["qemu-x86_64", "-cpu", processor]
    result = subprocess.run(
        [*emulator, sys.executable, "-c", _PROGRAM],
        input=json.dumps([str(model.resolve()), jobs]),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # what an emulated processor lacks, once a thread
        env=os.environ | ({} if processor is None else _EMULATED),
        text=True,
        check=True,
    )
    faces: list[dict[str, Any]] = json.loads(result.stdout)
    return faces


def compare(
    found: Sequence[dict[str, Any]],
    here: Sequence[dict[str, Any]],
    golden: Sequence[dict[str, Any]],
    test_faces: Sequence[AnnotatedFace],
    *,
    nme_of_float: float = float("nan"),
) -> Comparison:
    """Compare what a processor and this machine found: first the portraits, then the test faces."""
    portraits, photos = found[: len(golden)], found[len(golden) :]
    shifts = [_shift_percent(*pair) for pair in zip(portraits, golden, strict=True)]
    angles = [
        abs(face["head_pose"][name] - value)
        for face, wanted in zip(found, here, strict=True)
        for name, value in wanted["head_pose"].items()
    ]
    nme = mean_nme(photos, test_faces)
    return Comparison(
        nme_percent=nme,
        nme_difference=abs(nme - mean_nme(here[len(golden) :], test_faces)),
        worst_shift_percent=max(shifts),
        usual_angle_degrees=float(np.percentile(angles, 95)),
        worst_angle_degrees=max(angles),
        nme_over_float=nme - nme_of_float,
    )


def mean_nme(found: Sequence[dict[str, Any]], test_faces: Sequence[AnnotatedFace]) -> float:
    """Return the NME in percent of what was found for annotated faces; NaN without any."""
    if not test_faces:
        return float("nan")
    errors = [
        inter_ocular_nme(_points(face), truth.landmarks, IBUG_68)
        for face, truth in zip(found, test_faces, strict=True)
    ]
    return float(np.mean(errors))


def _shift_percent(face: dict[str, Any], golden: dict[str, Any]) -> float:
    wanted = _points(golden)
    right, left = IBUG_68.eye_corners
    distance = np.linalg.norm(_points(face) - wanted, axis=1)
    return float(100 * distance.max() / np.linalg.norm(wanted[right] - wanted[left]))


def _points(face: dict[str, Any]) -> NDArray[np.float32]:
    return np.asarray(face["landmarks"], np.float32)


def _jobs(golden: dict[str, dict[str, Any]], test_faces: Sequence[AnnotatedFace]) -> list[Job]:
    portraits: list[Job] = [
        (str(_REPOSITORY / "examples" / name), face["box"]) for name, face in golden.items()
    ]
    photos = [
        (str(face.photo.resolve()), list(map(float, BoundingBox.around(face.landmarks))))
        for face in test_faces
    ]
    return portraits + photos


def main() -> int:
    """Compare models from the command line."""
    options = _parser().parse_args()
    if shutil.which("qemu-x86_64") is None:
        print("install qemu-x86_64 first (Debian: qemu-user)", file=sys.stderr)
        return 2
    test_faces = read_annotations(options.test)[:: options.every] if options.test else []
    rows, is_kept = [], True
    for folder in options.models:
        golden_file = _REPOSITORY / "tests" / "golden_values" / f"{folder.name}.json"
        values = json.loads(golden_file.read_text(encoding="utf-8"))
        golden, jobs = list(values.values()), _jobs(values, test_faces)
        here = predict_on(None, folder / "model.onnx", jobs)
        nme_of_float = _nme_of_float(folder, jobs[len(golden) :], test_faces)
        for processor in (None, *options.processors):
            found = (
                here if processor is None else predict_on(processor, folder / "model.onnx", jobs)
            )
            result = compare(found, here, golden, test_faces, nme_of_float=nme_of_float)
            is_kept &= result.is_kept
            rows.append(_row(folder.name, processor or "this machine", result))
            print(*rows[-1], file=sys.stderr)
    figures = ("NME %", "differs by", "over float", "worst landmark %")
    header = ("model", "processor", *figures, "95 % of angles", "worst angle")
    print_table(header, rows)
    return 0 if is_kept else 1


def _nme_of_float(
    folder: Path, photos: Sequence[Job], test_faces: Sequence[AnnotatedFace]
) -> float:
    """Return the NME, on this machine, of the float model beside an 8-bit one; NaN for others."""
    if not folder.name.endswith("-int8") or not photos:
        return float("nan")
    model = folder.with_name(folder.name.removesuffix("-int8")) / "model.onnx"
    return mean_nme(predict_on(None, model, photos), test_faces)


def _row(model: str, processor: str, result: Comparison) -> tuple[str, ...]:
    return (
        model,
        processor,
        f"{result.nme_percent:.3f}",
        f"{result.nme_difference:.3f}",
        f"{result.nme_over_float:.3f}",
        f"{result.worst_shift_percent:.2f}",
        f"{result.usual_angle_degrees:.2f}",
        f"{result.worst_angle_degrees:.2f}",
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lab.processors", description=__doc__)
    parser.add_argument("models", type=Path, nargs="+", help="folders such as hub/asmnet-68-int8")
    parser.add_argument("--processors", nargs="+", default=PROCESSORS, help="names known to qemu")
    parser.add_argument("--test", type=Path, help="68-point test set, for the NME")
    parser.add_argument("--every", type=int, default=5, help="take every N-th test face")
    return parser


if __name__ == "__main__":
    sys.exit(main())
