"""What every model in hub/ gives on the example portraits, one file of values a model.

``python -m tests.golden`` writes ``tests/golden_values`` anew, or with names only those; do so only
when weights change.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from asmnet_sdk import FaceAligner
from asmnet_sdk.detection import AsmnetDetector
from asmnet_sdk.detection.contract import DETECTOR_METADATA_KEY
from asmnet_sdk.images.loading import load_image
from asmnet_sdk.runtime.session import OnnxSession
from tests.example_boxes import ASTRONAUT_BOX, GRACE_HOPPER_BOX

REPOSITORY = Path(__file__).resolve().parent.parent
HUB = REPOSITORY / "hub"
GOLDEN_FOLDER = Path(__file__).with_name("golden_values")
EXAMPLES = REPOSITORY / "examples"
BOXES = {"astronaut.jpg": ASTRONAUT_BOX, "grace_hopper.jpg": GRACE_HOPPER_BOX}


def published_models() -> list[str]:
    return sorted(path.parent.name for path in HUB.glob("*/model.onnx"))


def golden_file(model: str) -> Path:
    return GOLDEN_FOLDER / f"{model}.json"


def read_golden(model: str) -> dict[str, Any]:
    """Return the values by portrait, as ``run_on_portraits`` gave them."""
    values: dict[str, Any] = json.loads(golden_file(model).read_text())
    return values


def run_on_portraits(model: str) -> dict[str, Any]:
    """Run a model in hub/: the face of each portrait, or its boxes and scores of a detector."""
    path = HUB / model / "model.onnx"
    if DETECTOR_METADATA_KEY in OnnxSession(path, device="cpu").metadata:
        return detect_portraits(AsmnetDetector(path))
    return predict_portraits(FaceAligner(path, device="cpu"))


def predict_portraits(aligner: FaceAligner) -> dict[str, dict[str, Any]]:
    return {name: aligner.predict(EXAMPLES / name, box)[0].to_dict() for name, box in BOXES.items()}


def detect_portraits(detector: AsmnetDetector) -> dict[str, list[dict[str, Any]]]:
    found = {name: detector.detect(load_image(EXAMPLES / name)) for name in BOXES}
    return {
        name: [
            {"box": [round(edge, 3) for edge in box], "score": round(box.score, 4)} for box in boxes
        ]
        for name, boxes in found.items()
    }


def write_golden(model: str) -> None:
    lines = [f'"{name}": {json.dumps(values)}' for name, values in run_on_portraits(model).items()]
    golden_file(model).write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    for name in sys.argv[1:] or published_models():
        write_golden(name)
