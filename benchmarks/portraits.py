"""The portraits of ``examples/`` and their face boxes, eyebrows to chin."""

from __future__ import annotations

from pathlib import Path

from asmnet_sdk import BoundingBox

__all__ = ["EXAMPLES", "PORTRAIT", "PORTRAITS", "PORTRAIT_BOX"]

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
PORTRAITS = {
    "astronaut.jpg": BoundingBox(179, 87, 272, 179),
    "grace_hopper.jpg": BoundingBox(178, 159, 350, 334),
}
PORTRAIT = EXAMPLES / "astronaut.jpg"
PORTRAIT_BOX = PORTRAITS[PORTRAIT.name]
