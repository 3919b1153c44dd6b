"""What the package may cost, as ratios measured in one interleaved run.

Usage: python benchmarks/budgets.py [--rounds 150]

Prints a row a budget; exit code 1 if one is not kept. The paper's network is hub/asmnet-68-paper.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray
from portraits import PORTRAIT, PORTRAIT_BOX
from timing import interleave, median_ratio

from asmnet_sdk import AsmnetDetector, FaceAligner, draw_faces, load_image, sample_photo
from asmnet_sdk.cli.benchmarking import describe_machine
from asmnet_sdk.cli.terminal import print_table
from asmnet_sdk.hub.resolving import resolve_model
from asmnet_sdk.landmarks.network import LandmarkNetwork

if TYPE_CHECKING:
    import onnxruntime

REPOSITORY = Path(__file__).resolve().parent.parent
PAPER_MODEL = REPOSITORY / "hub" / "asmnet-68-paper" / "model.onnx"
BATCH = 16
NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"
IMPORT_SCRIPT = """
import numpy, time
started = time.thread_time()
import asmnet_sdk
print(1000 * (time.thread_time() - started))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """One measured budget.

    Attributes:
        what: What is compared.
        found: What was measured, in words.
        bar: What it has to be, in words.
        is_kept: Whether it is.
    """

    what: str
    found: str
    bar: str
    is_kept: bool


def crop_budget(rounds: int) -> Budget:
    """``predict_crop`` against the bare run of the same tensor, one thread."""
    aligner = FaceAligner(device="cpu", threads=1)
    size = aligner.model.input_size
    crop = cv2.resize(load_image(PORTRAIT)[80:190, 170:280], (size, size))
    session, tensor = bare_session("asmnet-68"), crop[np.newaxis]
    times = interleave(
        {
            "crop": lambda: aligner.predict_crop(crop, color="rgb"),
            "bare": lambda: session.run(None, {"image": tensor}),
        },
        4 * rounds,
    )
    ratio = median_ratio(times["crop"], times["bare"])
    overhead = float(np.median(times["crop"] - times["bare"]))
    return Budget(
        what="predict_crop / bare session.run",
        found=f"{ratio:.3f} (+{overhead:.3f} ms)",
        bar="<= 1.10, or + 0.15 ms",
        is_kept=ratio <= 1.1 or overhead <= 0.15,
    )


def bare_session(model: str) -> onnxruntime.InferenceSession:
    """Load a model as a program without this package would, on one thread."""
    import onnxruntime  # after asmnet_sdk, which keeps it silent

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    path = str(resolve_model(model))
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def photo_budgets(rounds: int) -> list[Budget]:
    """``predict`` on a 1080p photo with one face against its two parts, one thread."""
    photo = full_hd_photo()
    aligner = FaceAligner(device="cpu", threads=1)
    detector = AsmnetDetector(threads=1)
    network = LandmarkNetwork(resolve_model("asmnet-68"), device="cpu", threads=1)
    [box] = detector.detect(photo)
    crop, session = network.cut(photo, box), bare_session("asmnet-detector")
    picture = np.zeros((1, 192, 320, 3), np.uint8)
    times = interleave(
        {
            "predict": lambda: aligner.predict(photo, color="rgb"),
            "detect": lambda: detector.detect(photo),
            "detector alone": lambda: session.run(None, {"image": picture}),
            "inference": lambda: network.run([crop]),
        },
        rounds,
    )
    parts = times["detect"] + times["inference"]
    networks = times["detector alone"] + times["inference"]
    ratio = median_ratio(times["predict"], parts)
    return [
        Budget(
            what="predict, 1080p, one face / (detect + one inference)",
            found=f"{ratio:.2f}",
            bar="<= 1.30",
            is_kept=ratio <= 1.3,
        ),
        Budget(
            what="the same / the two networks alone, given their tensors",
            found=f"{median_ratio(times['predict'], networks):.2f}",
            bar="",
            is_kept=True,
        ),
    ]


def drawing_budget(rounds: int) -> Budget:
    """``draw_faces`` with every default layer against ``predict``, the sample photo, one thread."""
    photo = cv2.resize(load_image(sample_photo()), (1200, 800))
    aligner = FaceAligner(device="cpu", threads=1)
    faces = aligner.predict(photo, color="rgb")
    times = interleave(
        {
            "predict": lambda: aligner.predict(photo, color="rgb"),
            "draw": lambda: draw_faces(photo, faces, color="rgb"),
        },
        rounds // 4 + 1,
    )
    ratio = median_ratio(times["draw"], times["predict"])
    return Budget(
        what=f"draw_faces / predict, {len(faces)} faces, 1200 x 800",
        found=f"{ratio:.2f}",
        bar="<= 0.25",
        is_kept=ratio <= 0.25,
    )


def full_hd_photo() -> NDArray[np.uint8]:
    """Return the portrait in the middle of a 1920 x 1080 picture: (1080, 1920, 3) RGB."""
    portrait = cv2.resize(load_image(PORTRAIT), (1080, 1080), interpolation=cv2.INTER_CUBIC)
    return cv2.copyMakeBorder(portrait, 0, 0, 420, 420, cv2.BORDER_REFLECT)  # type: ignore[return-value]


def model_budgets(rounds: int) -> list[Budget]:
    """The default model against the paper's and against its 8-bit form, one thread."""
    files = {
        "default": resolve_model("asmnet-68"),
        "int8": resolve_model("asmnet-68-int8"),
        "paper": PAPER_MODEL,
    }
    networks = {
        name: LandmarkNetwork(path, device="cpu", threads=1) for name, path in files.items()
    }
    photo = load_image(PORTRAIT)
    crops = {name: [network.cut(photo, PORTRAIT_BOX)] for name, network in networks.items()}
    times = interleave(
        {name: partial(network.run, crops[name]) for name, network in networks.items()}, rounds
    )
    to_paper = median_ratio(times["default"], times["paper"])
    int8_gain = median_ratio(times["default"], times["int8"])
    size = networks["paper"].metadata.input_size
    return [
        Budget(
            what=f"asmnet-68 / the paper's network at {size} px",
            found=f"{to_paper:.2f}",
            bar="<= 1.00, aim 0.50",
            is_kept=to_paper <= 1,
        ),
        Budget(
            what="asmnet-68 / asmnet-68-int8",
            found=f"{int8_gain:.2f}",
            bar=">= 1.30",
            is_kept=int8_gain >= 1.3,
        ),
    ]


def batch_budgets(rounds: int) -> list[Budget]:
    """A batch against single calls with all threads, and two threads against one."""
    photo = load_image(PORTRAIT)
    model = resolve_model("asmnet-68")
    every, two, one = (
        LandmarkNetwork(model, device="cpu", threads=threads) for threads in (None, 2, 1)
    )
    crops = [one.cut(photo, PORTRAIT_BOX) for _ in range(BATCH)]
    by_threads = interleave(
        {"two": lambda: two.predict(crops), "one": lambda: one.predict(crops)}, rounds // 4 + 1
    )
    by_size = interleave(
        {
            "batch": lambda: every.predict(crops),
            "singles": lambda: [every.predict([crop]) for crop in crops],
        },
        rounds // 4 + 1,
        pause_seconds=0.02,
    )
    to_singles = median_ratio(by_size["batch"], by_size["singles"])
    gain = median_ratio(by_threads["one"], by_threads["two"])
    return [
        Budget(
            what=f"batch of {BATCH} crops / {BATCH} single calls, all threads",
            found=f"{to_singles:.2f}",
            bar="<= 0.90",
            is_kept=to_singles <= 0.9,
        ),
        Budget(
            what=f"one thread / two threads, batch of {BATCH}",
            found=f"{gain:.2f}",
            bar=">= 1.60",
            is_kept=gain >= 1.6,
        ),
    ]


def import_budget() -> Budget:
    """``import asmnet_sdk`` in a fresh interpreter that has numpy: CPU time, compiled before."""
    may_compile = {key: text for key, text in os.environ.items() if key != NO_BYTECODE}
    _, *times = [
        float(subprocess.check_output([sys.executable, "-c", IMPORT_SCRIPT], env=may_compile))
        for _ in range(12)
    ]
    milliseconds = float(np.median(times))
    return Budget(
        what="import asmnet_sdk, numpy imported before",
        found=f"{milliseconds:.2f} ms",
        bar="<= 1 ms",
        is_kept=milliseconds <= 1,
    )


def main() -> int:
    """Measure all budgets and print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=150)
    rounds = parser.parse_args().rounds
    threads = cv2.getNumThreads()
    budgets = [crop_budget(rounds), *photo_budgets(rounds), *model_budgets(rounds)]
    budgets.append(drawing_budget(rounds))
    cv2.setNumThreads(threads)
    budgets += [*batch_budgets(rounds), import_budget()]
    rows = [[b.what, b.found, b.bar, "kept" if b.is_kept else "MISSED"] for b in budgets]
    print_table(["budget", "found", "bar", ""], rows)
    print(describe_machine())
    return 0 if all(budget.is_kept for budget in budgets) else 1


if __name__ == "__main__":
    sys.exit(main())
