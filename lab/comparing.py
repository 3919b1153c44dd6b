"""Compare finished runs: what they differ in, and how accurate they became.

``python -m lab.comparing --help`` prints a Markdown table. Without ``--test`` its
figures are those of the validation photos, which choices may be made by.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from asmnet_sdk.aligner import FaceAligner
from asmnet_sdk.datasets import AnnotatedFace, read_annotations
from asmnet_sdk.evaluation.accuracy import evaluate, summarise
from asmnet_sdk.training.configuration import RunConfig, flat_values, read_config
from asmnet_sdk.training.export import export_network
from asmnet_sdk.training.loop import LOG_FILE
from asmnet_sdk.training.run_folder import CONFIG_FILE, load_run, model_metadata

__all__ = ["compare_runs", "differences"]

_PLACES = {"out", "threads"}


def differences(base: RunConfig, other: RunConfig) -> str:
    """Return what a run has that the base has not, as ``key value`` pairs; "base" for the same."""
    before, now = flat_values(base), flat_values(other)
    changed = [name for name in now if name not in _PLACES and now[name] != before[name]]
    return ", ".join(f"{name} {_short(now[name])}" for name in changed) or "base"


def _short(value: object) -> str:
    """Return paths by their last two parts: no machine's folders."""
    if isinstance(value, Path):
        return "/".join(value.parts[-2:])
    if isinstance(value, tuple):
        return " + ".join(map(_short, value)) or "none"
    return str(value)


def compare_runs(folders: Sequence[Path], test_faces: Sequence[AnnotatedFace] = ()) -> str:
    """Return a Markdown table, a row a run; the first one is the base of the differences.

    Args:
        folders: Finished run folders.
        test_faces: Faces to measure on; none takes the figures of the log, the validation's.

    Raises:
        InvalidInputError: A folder holds no finished run.
    """
    base = read_config(folders[0] / CONFIG_FILE)
    figures = "NME %" if test_faces else "validation NME %"
    lines = [f"| run | {figures} | yaw, pitch, roll error | minutes |", "|---|---|---|---|"]
    for folder in folders:
        records = _read_log(folder)
        nme, angles = _test_figures(folder, test_faces) if test_faces else _logged(records)
        minutes = sum(record["seconds"] for record in records) / 60
        degrees = ", ".join(f"{angle:.2f}°" for angle in angles)
        run = differences(base, read_config(folder / CONFIG_FILE))
        lines.append(f"| {run} | {nme:.2f} | {degrees} | {minutes:.1f} |")
    return "\n".join(lines)


def _read_log(folder: Path) -> list[dict[str, float]]:
    text = (folder / LOG_FILE).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def _logged(records: Sequence[dict[str, float]]) -> tuple[float, tuple[float, ...]]:
    last = records[-1]
    return last["val_nme"], tuple(
        last.get(name, np.nan) for name in ("val_yaw", "val_pitch", "val_roll")
    )


def _test_figures(folder: Path, faces: Sequence[AnnotatedFace]) -> tuple[float, tuple[float, ...]]:
    config, network = load_run(folder)
    metadata = model_metadata(config, name=folder.name, training_data="-", licence="-")
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "model.onnx"
        export_network(network, metadata, path)
        aligner = FaceAligner(path, device="cpu", passes=1)  # one look, as the validation has
        whole = summarise(evaluate(aligner, faces))[-1]
    return whole.nme_percent, whole.head_pose_errors_degrees or (np.nan,) * 3


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m lab.comparing", description=__doc__)
    parser.add_argument("runs", type=Path, nargs="+", help="finished runs; the first is the base")
    parser.add_argument("--test", type=Path, help="annotated photos to measure on")
    options = parser.parse_args()
    faces = read_annotations(options.test) if options.test else []
    print(compare_runs(options.runs, faces))


if __name__ == "__main__":
    main()
