"""How drawn faces look: colours and sizes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from asmnet_sdk.arguments import check_choice, check_kind, is_number, is_whole, numbers_in, require
from asmnet_sdk.drawing.strokes import Color
from asmnet_sdk.layouts import LAYOUTS, Layout
from asmnet_sdk.layouts.layout import WHOLES

__all__ = ["DrawingStyle"]

_WHITE: Color = (255, 255, 255)
_LONGEST = 1000

# The palette of Okabe and Ito, which colour-blind readers can tell apart; its green a little
# lighter.
_PART_COLORS: Mapping[str, Color] = MappingProxyType(
    {
        "jaw": (86, 180, 233),
        "eyebrow": (230, 159, 0),
        "nose": (240, 228, 66),
        "eye": (0, 190, 140),
        "pupil": (0, 190, 140),
        "lip": (213, 94, 0),
        "mouth": (213, 94, 0),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawingStyle:
    """How ``draw_faces`` draws.

    Colours are (red, green, blue) from 0 to 255, whatever the channel order of the picture. Lengths
    are in pixels of the picture; None is what suits the size of the face and of the picture.

    Attributes:
        line_width: Width of the lines.
        point_size: Diameter of a landmark; None: 1.5 times the width of the lines.
        text_height: Height of a capital letter in labels.
        hidden_points: How a landmark is drawn that is more likely hidden than seen
            (``Face.landmark_visible``): as a "ring", as a "dot" like the others, or not at all
            ("none").
        point_color: Of landmarks and their numbers.
        box_color: Of the corners of the box.
        text_color: Of the labels.
        sigma_color: Of the circles of ``landmark_sigma``.
        part_colors: Of contours, by a part of ``layout.indices`` or a whole word of its name, as
            ``{"eye": (255, 0, 0)}`` for both eyes; the first that fits counts, and contours without
            one keep their colour.

    Raises:
        InvalidInputError: A length is not positive or more than 1000 px, a colour is no three
            numbers from 0 to 255, or ``hidden_points`` is none of the three.
    """

    line_width: float | None = None
    point_size: float | None = None
    text_height: float | None = None
    hidden_points: Literal["ring", "dot", "none"] = "ring"
    point_color: Color = _WHITE
    box_color: Color = _WHITE
    text_color: Color = _WHITE
    sigma_color: Color = (240, 150, 200)
    part_colors: Mapping[str, Color] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("line_width", "point_size", "text_height"):
            length = getattr(self, name)
            is_length = length is None or (is_number(length) and 0 < length <= _LONGEST)
            require(name, length, is_length, f"a length above 0, up to {_LONGEST} px, or None")
        check_choice("hidden_points", self.hidden_points, ("ring", "dot", "none"))
        for name in ("point_color", "box_color", "text_color", "sigma_color"):
            _require_color(name, getattr(self, name))
        check_kind("part_colors", self.part_colors, Mapping, "colours by a word, as {'eye': ...}")
        for word, color in self.part_colors.items():
            check_kind("a word of part_colors", word, str)
            _require_color(f"part_colors[{word!r}]", color)

    def color_of(self, contour: str) -> Color:
        """Return the colour of a contour."""
        for colors in (self.part_colors, _PART_COLORS):
            for word, color in colors.items():
                if _fits(word, contour):
                    return color
        return _WHITE

    def check_parts(self, layouts: Iterable[Layout]) -> None:
        """Refuse a word of ``part_colors`` that fits no contour of the package's or these layouts.

        Raises:
            InvalidInputError: The message names them.
        """
        if not self.part_colors:
            return
        contours = {
            name: None for layout in (*layouts, *LAYOUTS.values()) for name in layout.contours
        }
        for word in self.part_colors:
            fits_one = any(_fits(word, contour) for contour in contours)
            require("a word of part_colors", word, fits_one, f"a word of {', '.join(contours)}")


def _fits(word: str, contour: str) -> bool:
    """Say whether a contour's name holds this word whole, or the contour belongs to this part."""
    return f"_{word}_" in f"_{contour}_" or contour in WHOLES.get(word, ())


def _require_color(name: str, color: object) -> None:
    levels = numbers_in(color)
    is_color = len(levels) == 3 and all(0 <= level <= 255 for level in levels)
    require(name, color, is_color, "(red, green, blue) from 0 to 255")
    are_shares = max(levels) <= 1 and any(level > 0 and not is_whole(level) for level in levels)
    require(name, color, not are_shares, "(red, green, blue) from 0 to 255, not from 0 to 1")
