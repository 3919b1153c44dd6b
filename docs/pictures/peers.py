"""Accuracy against time of our models and others, from ``benchmarks/results/peers.json``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Annotation, Text
from matplotlib.transforms import Bbox

from pictures.charts import draw_chart, style_axes
from pictures.svg import Theme

__all__ = ["draw_peers"]

_RESULTS = Path(__file__).resolve().parents[2] / "benchmarks" / "results" / "peers.json"
_SIZE_WH = (8.6, 5.6)
_POINTS_SQUARED = 110.0  # area of the circle of a file of 1 MB
_LEGEND_MEGABYTES = (1, 3, 6)


def draw_peers(folder: Path) -> None:
    """Draw NME against time a face, the area of a circle being the size of the model file."""
    rows = json.loads(_RESULTS.read_text("utf-8"))["rows"]
    rows = [row for row in rows if "nme_annotated" in row]
    draw_chart(folder, "peers", _SIZE_WH, lambda figure, theme: _draw(figure, theme, rows))


def _draw(figure: Figure, theme: Theme, rows: Sequence[dict[str, Any]]) -> None:
    axes = figure.add_subplot()
    ours = [row for row in rows if row["kind"] in ("ours", "openvino")]
    others = [row for row in rows if row not in ours]
    for name, group, color in (
        ("ours", ours, theme.accent),
        ("others", others, theme.region("eyebrow")),
    ):
        axes.scatter(
            [row["milliseconds_1"] for row in group],
            [row["nme_detected"] for row in group],
            s=[_POINTS_SQUARED * row["megabytes"] for row in group],
            facecolor=f"{color}59",
            edgecolor=color,
            label=name,
        )
    for megabytes in _LEGEND_MEGABYTES:
        size = _POINTS_SQUARED * megabytes
        axes.scatter(
            [], [], s=size, facecolor="none", edgecolor=theme.muted, label=f"{megabytes} MB"
        )
    axes.set(
        xlim=(0, 1.15 * max(row["milliseconds_1"] for row in rows)),
        xlabel="milliseconds a face, one thread",
        ylabel="NME in %, at boxes that YuNet finds (lower is better)",
    )
    axes.margins(y=0.12)
    style_axes(axes, theme)
    axes.legend(
        loc="lower center", bbox_to_anchor=(0.5, 1), ncols=5, frameon=False, labelcolor=theme.ink
    )
    figure.draw_without_rendering()
    _write_names(axes, theme, [*ours, *others], [True] * len(ours) + [False] * len(others))


def _write_names(
    axes: Axes, theme: Theme, rows: Sequence[dict[str, Any]], are_ours: Sequence[bool]
) -> None:
    """Write each name where it covers least of what is there."""
    taken = [_circle(axes, row) for row in rows]
    renderer = FigureCanvasAgg(axes.get_figure(root=True)).get_renderer()
    for row, is_ours in sorted(zip(rows, are_ours, strict=True), key=lambda it: _place(it[0])):
        name = row["model"].replace("MediaPipe face mesh", "MediaPipe")
        tried: list[tuple[float, int, Annotation]] = []
        for offset, anchor in _offsets(row):
            note = axes.annotate(
                name,
                _place(row),
                offset,
                textcoords="offset points",
                ha=anchor,
                va="center",
                color=theme.ink,
                weight="bold" if is_ours else "normal",
                fontsize="small",
                arrowprops={
                    "arrowstyle": "-",
                    "color": theme.muted,
                    "linewidth": 0.7,
                    "shrinkB": _radius(row),
                },
            )
            note.update_positions(renderer)
            tried.append((_covered(note, taken, axes), len(tried), note))
        best = min(tried, key=lambda it: it[:2])
        for *_, note in tried:
            if note is not best[2]:
                note.remove()
        taken.append(Text.get_window_extent(best[2]))


def _place(row: dict[str, Any]) -> tuple[float, float]:
    return row["milliseconds_1"], row["nme_detected"]


def _radius(row: dict[str, Any]) -> float:
    """Return the radius of a circle in points."""
    return float((_POINTS_SQUARED * row["megabytes"]) ** 0.5 / 2)


def _circle(axes: Axes, row: dict[str, Any]) -> Bbox:
    x, y = axes.transData.transform(_place(row))
    radius = _radius(row) / 72 * axes.figure.dpi
    return Bbox([[x - radius, y - radius], [x + radius, y + radius]])


def _offsets(row: dict[str, Any]) -> list[tuple[tuple[float, float], str]]:
    """Return where the name of a circle may stand, the best place first, in points."""
    beside = _radius(row) + 4
    near = [((beside, 0.0), "left"), ((-beside, 0.0), "right")]
    for far in (beside + 4, 30.0, 48.0, 66.0):
        near += [((0.0, up * far), "center") for up in (1, -1)]
        near += [((across * beside, up * far), side)
                 for up in (1, -1) for across, side in ((1, "left"), (-1, "right"))]  # fmt: skip
    return near


def _covered(note: Annotation, taken: Sequence[Bbox], axes: Axes) -> float:
    """Return what a name would cover of circles and names, in square pixels."""
    own, inside = Text.get_window_extent(note), axes.get_window_extent()
    shared = [Bbox.intersection(own, other) for other in taken]
    within = Bbox.intersection(own, inside)
    outside = own.width * own.height - (0 if within is None else within.width * within.height)
    return 5 * outside + sum(box.width * box.height for box in shared if box is not None)
