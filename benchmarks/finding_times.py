"""Time of finding faces beside other detectors and an earlier state of the package, by turns."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

__all__ = ["EarlierPredict"]

_WORKER = """
import sys
from asmnet_sdk import FaceAligner, load_image
aligner = FaceAligner(device="cpu", threads=1)
images = [load_image(path) for path in sys.argv[1:]]
print("ready", flush=True)
for line in sys.stdin:
    aligner.predict(images[int(line)], color="rgb")
    print("done", flush=True)
"""


class EarlierPredict:
    """``FaceAligner().predict`` of another checkout, in a process of its own.

    Args:
        checkout: Folder that holds ``asmnet_sdk``.
        photos: What it can be asked to look at.
    """

    def __init__(self, checkout: Path, photos: list[Path]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _WORKER, *map(str, photos)],
            env={**os.environ, "PYTHONPATH": str(checkout.resolve())},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests, self._answers = self._process.stdin, self._process.stdout
        self._answer()

    def __enter__(self) -> EarlierPredict:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType
    ) -> None:
        self._process.communicate()

    def call(self, photo: int) -> Callable[[], None]:
        """Return what predicts the faces of the photo of this number."""

        def predict() -> None:
            self._requests.write(f"{photo}\n")
            self._requests.flush()
            self._answer()

        return predict

    def _answer(self) -> None:
        if not self._answers.readline():
            raise SystemExit("the earlier checkout cannot predict")
