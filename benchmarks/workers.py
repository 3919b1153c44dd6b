"""The models of the comparison, and the processes that run them."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from environments import MEDIAPIPE, OPENVINO, environment_python
from numpy.typing import NDArray
from peer_models import PEERS

from asmnet_sdk import BoundingBox
from asmnet_sdk.layouts import IBUG_68, LAYOUTS, is_convertible
from asmnet_sdk.runtime.session import OnnxSession

__all__ = ["Answer", "Entrant", "Worker", "find_our_models", "list_entrants"]

WORKER = Path(__file__).with_name("peer_worker.py")
HUB = Path(__file__).resolve().parent.parent / "hub"
DEFAULT = HUB / "asmnet-68" / "model.onnx"
DETECTOR = HUB / "asmnet-detector" / "model.onnx"
IN_OPENVINO = ("asmnet-68", "asmnet-68-int8")
_TFLITE = "modules/face_landmark/face_landmark{}.tflite"
_MESH_FILES = {
    "mesh-468": (_TFLITE.format(""),),
    "mesh-478": (_TFLITE.format("_with_attention"),),
    "mesh-detector": (
        _TFLITE.format("_with_attention"),
        "modules/face_detection/face_detection_short_range.tflite",
    ),
}
_MESH_NAMES = {
    "mesh-468": "MediaPipe face mesh, 468 points",
    "mesh-478": "MediaPipe face mesh, 478 points",
    "mesh-detector": "MediaPipe, 478 points, its own detector",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrant:
    """One model of the comparison.

    Attributes:
        name: What the table calls it.
        kind: What ``peer_worker.py`` calls it.
        file: The model file; None for MediaPipe, whose models are in its package.
        python: The Python that has the packages it needs.
        installation: Which row of ``install_size.py`` says how much that is.
        megabytes: Size of its model files.
    """

    name: str
    kind: str
    file: Path | None
    python: Path
    installation: str
    megabytes: float

    @property
    def takes_boxes(self) -> bool:
        """Whether it is run at given boxes; otherwise it finds the faces itself."""
        return not self.kind.endswith("-detector")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answer:
    """(68, 2) landmarks in image pixels, NaN where there are none, and how long it took."""

    landmarks: NDArray[np.float64]
    milliseconds: float


class Worker:
    """A process that holds one model.

    Args:
        entrant: The model.
        threads: Threads it may use; None for all.
    """

    def __init__(self, entrant: Entrant, threads: int | None) -> None:
        file = "-" if entrant.file is None else str(entrant.file)
        self._process = subprocess.Popen(
            [entrant.python, WORKER, entrant.kind, file, str(threads or 0)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if entrant.file else subprocess.DEVNULL,
            text=True,
        )
        self._name = entrant.name

    def ask(
        self, image: Path, box: BoundingBox, *, is_detected: bool = False, warm_up: int = 0
    ) -> Answer:
        """Predict one face.

        Args:
            image: A photo, or a decoded one as an .npy file.
            box: The face box, or YuNet's own box if ``is_detected``.
            is_detected: Which of both it is.
            warm_up: Untimed predictions before the timed one.

        Raises:
            RuntimeError: The process died.
        """
        request: dict[str, Any] = {
            "image": str(image), "box": list(box), "is_detected": is_detected, "warm_up": warm_up,
        }  # fmt: skip
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise RuntimeError(f"the worker of {self._name} ended")
        answer = json.loads(line)
        points = answer["landmarks"] or np.full((68, 2), np.nan)
        return Answer(landmarks=np.array(points), milliseconds=answer["milliseconds"])

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


def list_entrants(peers: Path, environments: Path) -> list[Entrant]:
    """Return every model there is: ours in ``hub/``, the peers' files, MediaPipe, OpenVINO."""
    ours = [
        _of_file(folder.name, "ours", folder / "model.onnx", "asmnet-sdk")
        for folder in find_our_models()
    ]
    with_detector = replace(
        _of_file("asmnet-68, its own detector", "ours-detector", DEFAULT, "asmnet-sdk"),
        megabytes=sum(path.stat().st_size for path in (DEFAULT, DETECTOR)) / 1e6,
    )
    others = [
        _of_file(name, "onnx", peers / peer.file, "onnxruntime and OpenCV alone")
        for name, peer in PEERS.items()
        if (peers / peer.file).is_file()
    ]
    openvino = environment_python(environments, "openvino", OPENVINO)
    in_openvino = [
        _of_file(f"{name} in OpenVINO", "openvino", HUB / name / "model.onnx", "OpenVINO", openvino)
        for name in IN_OPENVINO
    ]
    python = environment_python(environments, "mediapipe", MEDIAPIPE)
    return [
        *ours,
        with_detector,
        *others,
        *in_openvino,
        *(_of_mediapipe(kind, python) for kind in _MESH_FILES),
    ]


def find_our_models() -> list[Path]:
    """Return the folders under ``hub/`` whose model gives landmarks that the 68 are part of."""
    folders = []
    for path in sorted(HUB.glob("*/model.onnx")):
        session = OnnxSession(path, device="cpu", threads=1)
        if "landmarks" not in session.outputs:
            continue
        layout = LAYOUTS[json.loads(session.metadata["asmnet_sdk"])["layout"]]
        if is_convertible(layout, IBUG_68):
            folders.append(path.parent)
    return folders


def _of_file(
    name: str, kind: str, file: Path, installation: str, python: Path | None = None
) -> Entrant:
    return Entrant(
        name=name,
        kind=kind,
        file=file,
        python=python or Path(sys.executable),
        installation=installation,
        megabytes=file.stat().st_size / 1e6,
    )


def _of_mediapipe(kind: str, python: Path) -> Entrant:
    [package] = python.parent.parent.glob("[Ll]ib/**/site-packages/mediapipe")
    return Entrant(
        name=_MESH_NAMES[kind],
        kind=kind,
        file=None,
        python=python,
        installation="mediapipe 0.10.21",
        megabytes=sum((package / file).stat().st_size for file in _MESH_FILES[kind]) / 1e6,
    )
