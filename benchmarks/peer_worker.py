"""A process that holds one model of the comparison and answers requests over pipes.

Usage: python benchmarks/peer_worker.py KIND FILE THREADS

KIND is ours, ours-detector, onnx, openvino, mesh-468, mesh-478 or mesh-detector; FILE the model
file, or - for MediaPipe; THREADS a number, or 0 for all. A request is one line of JSON with
``image`` (an .npy file or a photo), ``box``, ``is_detected`` and ``warm_up`` (untimed calls before
the timed one); the answer is one line with ``landmarks`` (null: no face) and ``milliseconds``.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from asmnet_sdk.results import BoundingBox


def load(kind: str, file: Path, threads: int | None) -> Any:
    """Return the predict function of a model."""
    if kind.startswith("mesh"):
        from mediapipe_mesh import load_mesh, load_mesh_with_own_detector

        if kind == "mesh-detector":
            return load_mesh_with_own_detector()
        return load_mesh(kind == "mesh-478", threads)
    import peer_models

    loaders = {
        "ours": peer_models.load_ours,
        "ours-detector": peer_models.load_ours_with_own_detector,
        "onnx": peer_models.load_onnx_peer,
        "openvino": peer_models.load_openvino,
    }
    return loaders[kind](file, threads)


def read_image(path: str) -> Any:
    """Map an array into memory, or decode a photo."""
    if path.endswith(".npy"):
        return np.asarray(np.load(path, mmap_mode="r"))
    from asmnet_sdk.images.loading import load_image

    return load_image(path)


def answer(predict: Any, request: dict[str, Any]) -> dict[str, Any]:
    """Predict one face and say how long it took."""
    image, box = read_image(request["image"]), BoundingBox(*request["box"])
    for _ in range(request["warm_up"]):
        predict(image, box, request["is_detected"])
    started = time.perf_counter()
    landmarks = predict(image, box, request["is_detected"])
    seconds = time.perf_counter() - started
    points = None if np.isnan(landmarks).all() else np.asarray(landmarks, float).tolist()
    return {"landmarks": points, "milliseconds": 1000 * seconds}


def main() -> None:
    """Answer until the pipe is closed."""
    kind, file, threads = sys.argv[1:]
    if threads != "0":
        import cv2

        cv2.setNumThreads(int(threads))
    predict = load(kind, Path(file), int(threads) or None)
    for line in sys.stdin:
        print(json.dumps(answer(predict, json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
