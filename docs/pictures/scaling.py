"""How time grows with faces, pixels and batch, from ``benchmarks/results/scaling.json``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from pictures.charts import draw_chart, style_axes
from pictures.svg import Theme

__all__ = ["draw_scaling"]

_RESULTS = Path(__file__).resolve().parents[2] / "benchmarks" / "results" / "scaling.json"
_SIZE_WH = (8.8, 4.0)
_COLORS = ("jaw", "lip", "eye")


def draw_scaling(folder: Path) -> None:
    """Draw each panel on logarithmic axes, on which growth in proportion is a straight diagonal."""
    panels = json.loads(_RESULTS.read_text("utf-8"))["panels"]

    def draw(figure: Figure, theme: Theme) -> None:
        for number, panel in enumerate(panels, 1):
            _draw_panel(figure.add_subplot(1, len(panels), number), panel, theme)

    draw_chart(folder, "scaling", _SIZE_WH, draw)


def _draw_panel(axes: Axes, panel: dict[str, Any], theme: Theme) -> None:
    x = panel["x_values"]
    first = panel["curves"][0]["values"][0]
    highest = max(max(curve["values"]) for curve in panel["curves"])
    for curve, part in zip(panel["curves"], _COLORS, strict=False):
        color = theme.region(part)
        axes.plot(x, curve["values"], marker="o", markersize=4, color=color, label=curve["name"])
    proportional = [first * value / x[0] for value in x]
    axes.plot(x, proportional, color=theme.muted, linestyle="--", linewidth=1, zorder=1)
    axes.set(xscale="log", yscale="log", title=panel["title"], xlabel=panel["x_name"])
    axes.set_ylim(1, 1.5 * highest)
    axes.set_xticks(x, [f"{value:g}" for value in x])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter("{x:g} ms")
    style_axes(axes, theme)
    axes.legend(loc="lower right", frameon=False, labelcolor=theme.ink, fontsize="small")
