"""From starting a process to the first landmarks of a portrait, detector included.

Usage: python benchmarks/start_up.py [--rounds 15] [--out benchmarks/results/start_up.json]

The package and MediaPipe 0.10.21, which pip installs into an environment of its own, take turns:
each round starts every program once, and the first round does not count. A time ends when the
program prints its first line, which it does once it has the landmarks.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
from environments import DEFAULT_FOLDER, MEDIAPIPE, environment_python, installed_versions
from numpy.typing import NDArray
from portraits import PORTRAIT

from asmnet_sdk.cli.benchmarking import describe_machine

ROOT = Path(__file__).resolve().parent.parent
OUT = Path(__file__).with_name("results") / "start_up.json"

OURS = """
import sys
from asmnet_sdk import FaceAligner
print(FaceAligner().predict(sys.argv[1])[0].landmarks.shape, flush=True)
"""
THEIRS = """
import sys
import cv2
import mediapipe
image = cv2.cvtColor(cv2.imread(sys.argv[1]), cv2.COLOR_BGR2RGB)
mesh = mediapipe.solutions.face_mesh.FaceMesh(static_image_mode=True)
print(len(mesh.process(image).multi_face_landmarks[0].landmark), flush=True)
"""
BARE = """
import numpy, cv2, onnxruntime
print("imported", flush=True)
"""


def list_programs(mediapipe: Path, photo: Path) -> dict[str, list[str]]:
    """Return the command of each program, ours first."""
    ours = sys.executable
    return {
        "asmnet-sdk": [ours, "-c", OURS, str(photo)],
        "asmnet predict": [ours, "-m", "asmnet_sdk", "predict", str(photo)],
        "imports of numpy, cv2, onnxruntime alone": [ours, "-c", BARE],
        "mediapipe 0.10.21": [str(mediapipe), "-c", THEIRS, str(photo)],
    }


def time_to_first_line(command: list[str]) -> float:
    """Return the seconds until a program prints.

    Raises:
        RuntimeError: It printed nothing, or failed afterwards.
    """
    started = time.perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    seconds = time.perf_counter() - started
    _, errors = process.communicate()
    if process.returncode or not line:
        raise RuntimeError(f"{command[:3]} failed:\n{errors[-2000:]}")
    return seconds


def measure(programs: dict[str, list[str]], rounds: int) -> dict[str, NDArray[np.float64]]:
    """Return (rounds,) seconds of each program; all take turns."""
    seconds: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(rounds + 1):
        for name, command in programs.items():
            seconds[name].append(time_to_first_line(command))
    return {name: np.array(values[1:]) for name, values in seconds.items()}


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--photo", type=Path, default=PORTRAIT)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--environments", type=Path, default=DEFAULT_FOLDER)
    options = parser.parse_args()
    mediapipe = environment_python(options.environments, "mediapipe", MEDIAPIPE)
    seconds = measure(list_programs(mediapipe, options.photo.resolve()), options.rounds)
    theirs = seconds["mediapipe 0.10.21"]
    rows = []
    for name, values in seconds.items():
        low, middle, high = np.percentile(values, [25, 50, 75]).tolist()
        ratio = float(np.median(values / theirs))
        rows.append(
            {"program": name, "seconds": round(middle, 4), "spread": round(high - low, 4),
             "ratio_to_mediapipe": round(ratio, 3)}
        )  # fmt: skip
        print(f"{name:42} {middle:.3f} s (spread {high - low:.3f}), ratio {ratio:.2f}")
    result = {
        "date": datetime.now(timezone.utc).date().isoformat(),
        "machine": describe_machine(),
        "rounds": options.rounds,
        "photo": options.photo.name,
        "rows": rows,
        "mediapipe_environment": installed_versions(mediapipe),
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
