"""What the charts share: matplotlib without a ground, in the colours of light and dark pages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pictures.svg import THEMES, Theme

__all__ = ["Draw", "draw_chart", "style_axes"]

Draw: TypeAlias = Callable[[Figure, Theme], None]

_STYLE = {
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "asmnet-sdk",  # the same picture each time
    "font.family": "sans-serif",
    "font.size": 11,
}


def draw_chart(folder: Path, name: str, size_wh: tuple[float, float], draw: Draw) -> None:
    """Write ``NAME-light.svg`` and ``NAME-dark.svg``.

    Args:
        folder: Receives them.
        name: What their names begin with.
        size_wh: In hundreds of pixels.
        draw: Fills a figure.
    """
    for theme in THEMES:
        with mpl.rc_context(_STYLE):  # type: ignore[arg-type]
            figure = Figure(figsize=size_wh, dpi=100, layout="constrained")
            draw(figure, theme)
            path = folder / f"{name}-{theme.name}.svg"
            figure.savefig(path, transparent=True, metadata={"Date": None, "Creator": None})


def style_axes(axes: Axes, theme: Theme) -> None:
    """Give axes the colours of a theme, and a quiet grid."""
    axes.tick_params(which="both", colors=theme.muted, labelcolor=theme.muted)
    axes.grid(visible=True, color=theme.edge, linewidth=0.6, alpha=0.5)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(theme.edge)
    for label in (axes.xaxis.label, axes.yaxis.label, axes.title):
        label.set_color(theme.ink)
