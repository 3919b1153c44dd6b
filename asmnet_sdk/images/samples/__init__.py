"""Two public-domain photos inside the package, for first steps and examples; see ``CREDITS.md``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from asmnet_sdk.arguments import check_choice

__all__ = ["PORTRAIT_BOX", "SAMPLE_NAMES", "sample_photo"]

SAMPLE_NAMES = ("group", "portrait")
PORTRAIT_BOX = (179, 87, 272, 179)
"""Where the face of the portrait is: x_min, y_min, x_max, y_max."""


def sample_photo(name: Literal["group", "portrait"] = "group") -> Path:
    """Return the path of a public-domain photo that comes with the package.

    Args:
        name: ``"group"``: six faces in 960 x 640 pixels, one of them in profile behind a camera,
            one tilted, one painted. ``"portrait"``: an astronaut, 512 x 512, with the face in the
            box ``(179, 87, 272, 179)``.

    Raises:
        InvalidInputError: There is no sample of this name.
    """
    check_choice("name", name, SAMPLE_NAMES)
    return Path(__file__).with_name(f"{name}.jpg")
