"""The portraits of ``examples/`` and their face boxes, eyebrows to chin."""

from __future__ import annotations

from pathlib import Path

from asmnet_sdk import BoundingBox
from asmnet_sdk.images import samples

__all__ = ["EXAMPLES", "PORTRAIT", "PORTRAITS", "PORTRAIT_BOX"]

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
PORTRAITS = {
    "astronaut.jpg": BoundingBox(*samples.PORTRAIT_BOX),
    "grace_hopper.jpg": BoundingBox(178, 159, 350, 334),
}
PORTRAIT = EXAMPLES / "astronaut.jpg"
PORTRAIT_BOX = PORTRAITS[PORTRAIT.name]
