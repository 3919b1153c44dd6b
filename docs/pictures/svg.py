"""A small SVG writer, and the two palettes that light and dark pages need."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["THEMES", "Drawing", "Theme"]

_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif"


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """Colours of one page style; regions of the face as ``draw_faces`` colours them."""

    name: str
    ink: str
    muted: str
    panel: str
    edge: str
    accent: str
    regions: dict[str, str]

    def region(self, contour: str) -> str:
        """Return the colour of a contour of a layout."""
        return next(color for part, color in self.regions.items() if part in contour)


THEMES = (
    Theme(
        name="light",
        ink="#1f2933",
        muted="#66727f",
        panel="#f1f4f8",
        edge="#a9b4c0",
        accent="#00669c",
        regions={
            "jaw": "#0072b2",
            "eyebrow": "#b37400",
            "nose": "#8a7d00",
            "eye": "#008a66",
            "pupil": "#008a66",
            "lip": "#c24e00",
        },
    ),
    Theme(
        name="dark",
        ink="#e6eaf0",
        muted="#9aa5b4",
        panel="#2a303c",
        edge="#5b6676",
        accent="#6fc3f0",
        regions={
            "jaw": "#56b4e9",
            "eyebrow": "#e69f00",
            "nose": "#f0e442",
            "eye": "#00be8c",
            "pupil": "#00be8c",
            "lip": "#f07a2e",
        },
    ),
)


class Drawing:
    """An SVG picture that grows element by element."""

    def __init__(self, width: float, height: float, *, title: str) -> None:
        self._size = (width, height)
        self._title = title
        self._parts: list[str] = []

    def line(
        self,
        points: ArrayLike,
        color: str,
        *,
        width: float = 2,
        closed: bool = False,
        fill: str = "none",
        dash: str = "none",
        arrow: bool = False,
    ) -> None:
        """Draw a line through (N, 2) points."""
        points = np.asarray(points, np.float64)
        path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) + ("Z" if closed else "")
        self._add("path", d=path, stroke=color, stroke_width=width, fill=fill, dash=dash)
        if arrow:
            self._arrow_head(points[-2], points[-1], color, 4 * width)

    def _arrow_head(
        self, start: NDArray[np.float64], tip: NDArray[np.float64], color: str, size: float
    ) -> None:
        along = (tip - start) / max(float(np.linalg.norm(tip - start)), 1e-9) * size
        across = np.array([-along[1], along[0]]) * 0.45
        corners = [tip + along * 0.4, tip - along * 0.6 + across, tip - along * 0.6 - across]
        self.line(corners, "none", closed=True, fill=color)

    def dot(self, center: ArrayLike, radius: float, color: str, *, stroke: str = "none") -> None:
        """Draw a filled circle."""
        x, y = np.asarray(center, np.float64)
        self._add("circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r=f"{radius:.1f}", fill=color,
                  stroke=stroke)  # fmt: skip

    def rectangle(
        self,
        corner: tuple[float, float],
        size_wh: tuple[float, float],
        *,
        fill: str = "none",
        stroke: str = "none",
        width: float = 1.5,
        radius: float = 6,
        dash: str = "none",
    ) -> None:
        """Draw a rectangle with rounded corners."""
        (x, y), (w, h) = corner, size_wh
        self._add(
            "rect", x=f"{x:.1f}", y=f"{y:.1f}", width=f"{w:.1f}", height=f"{h:.1f}", rx=radius,
            fill=fill, stroke=stroke, stroke_width=width, dash=dash,
        )  # fmt: skip

    def text(
        self,
        position: ArrayLike,
        words: str,
        color: str,
        *,
        size: float = 18,
        anchor: str = "middle",
        bold: bool = False,
    ) -> None:
        """Write one line of text, its middle height at ``position``."""
        x, y = np.asarray(position, np.float64)
        weight = ' font-weight="600"' if bold else ""
        self._parts.append(
            f'<text x="{x:.1f}" y="{y + 0.35 * size:.1f}" fill="{color}" font-size="{size:g}"'
            f'{weight} text-anchor="{anchor}">{escape(words)}</text>'
        )

    def lines(
        self,
        position: ArrayLike,
        texts: Sequence[str],
        color: str,
        *,
        size: float = 18,
        anchor: str = "middle",
        bold: bool = False,
    ) -> None:
        """Write several lines of text, centred on ``position``."""
        x, y = np.asarray(position, np.float64)
        step = 1.3 * size
        for number, words in enumerate(texts):
            shift = (number - (len(texts) - 1) / 2) * step
            self.text((x, y + shift), words, color, size=size, anchor=anchor, bold=bold)

    def photo(self, jpeg: bytes, size_wh: tuple[float, float]) -> None:
        """Put a JPEG behind what comes later, its top-left corner at the origin."""
        data = base64.b64encode(jpeg).decode()
        width, height = size_wh
        self._parts.append(
            f'<image width="{width:g}" height="{height:g}" href="data:image/jpeg;base64,{data}"/>'
        )

    def save(self, path: Path) -> None:
        """Write the file."""
        width, height = self._size
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
            f'width="{width:g}" height="{height:g}" role="img" font-family="{_FONT}">'
        )
        lines = [head, f"<title>{escape(self._title)}</title>", *self._parts, "</svg>", ""]
        path.write_text("\n".join(lines), encoding="utf-8")

    def _add(self, tag: str, **values: object) -> None:
        dash = values.pop("dash", "none")
        if dash != "none":
            values["stroke_dasharray"] = dash
        if values.get("stroke", "none") == "none":
            values = {k: v for k, v in values.items() if not k.startswith("stroke")}
        elif tag == "path":
            values |= {"stroke_linejoin": "round", "stroke_linecap": "round"}
        self._parts.append(f"<{tag} {' '.join(_attributes(values.items()))}/>")


def _attributes(items: Iterable[tuple[str, object]]) -> Iterable[str]:
    return (f"{name.replace('_', '-')}={quoteattr(str(value))}" for name, value in items)
