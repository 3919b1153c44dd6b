"""What the default model gives on the example portraits.

``python -m tests.golden`` writes ``tests/golden.json`` anew; do so only when the weights change.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from asmnet_sdk import FaceAligner
from tests.example_boxes import ASTRONAUT_BOX, GRACE_HOPPER_BOX

GOLDEN_FILE = Path(__file__).with_name("golden.json")
EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
BOXES = {"astronaut.jpg": ASTRONAUT_BOX, "grace_hopper.jpg": GRACE_HOPPER_BOX}


def predict_portraits(aligner: FaceAligner) -> dict[str, dict[str, Any]]:
    return {name: aligner.predict(EXAMPLES / name, box)[0].to_dict() for name, box in BOXES.items()}


if __name__ == "__main__":
    portraits = predict_portraits(FaceAligner(device="cpu"))
    GOLDEN_FILE.write_text(json.dumps(portraits, indent=1) + "\n")
