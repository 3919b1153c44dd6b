"""Diagrams of how the networks and the training losses work."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk import FaceAligner
from pictures.svg import THEMES, Drawing, Theme

__all__ = ["draw_asm_loss", "draw_network", "draw_paper_network", "draw_soft_argmax"]

# MobileNetV2 up to block 15: name, channels, stride of the output against the input.
_TRUNK = (
    ("stem, block 0", 16, 2),
    ("blocks 1, 2", 24, 4),
    ("blocks 3 to 5", 32, 8),
    ("blocks 6 to 9", 64, 16),
    ("blocks 10 to 12", 96, 16),
    ("blocks 13 to 15", 160, 32),
)
_BOX_WH = (216.0, 58.0)
_STEP = 86.0
_TRUNK_X = 122.0


def draw_network(folder: Path) -> None:
    """Draw the network of the default model: trunk and spatial head."""
    for theme in THEMES:
        _draw_network(theme).save(folder / f"network-{theme.name}.svg")


def draw_paper_network(folder: Path) -> None:
    """Draw the network of the paper: trunk, six pooled vectors, two linear heads."""
    for theme in THEMES:
        _draw_paper_network(theme).save(folder / f"network-paper-{theme.name}.svg")


def _row(index: float) -> float:
    return 36.0 + index * _STEP


def _box(
    drawing: Drawing,
    theme: Theme,
    center: tuple[float, float],
    words: tuple[str, ...],
    *,
    strong: bool = False,
    width: float = _BOX_WH[0],
) -> None:
    corner = (center[0] - width / 2, center[1] - _BOX_WH[1] / 2)
    edge = theme.accent if strong else theme.edge
    drawing.rectangle(corner, (width, _BOX_WH[1]), fill=theme.panel, stroke=edge, width=2)
    drawing.text((center[0], center[1] - (11 if len(words) > 1 else 0)), words[0], theme.ink,
                 size=18, bold=True)  # fmt: skip
    for line in words[1:]:
        drawing.text((center[0], center[1] + 13), line, theme.muted, size=17)


def _arrow(drawing: Drawing, theme: Theme, *points: tuple[float, float]) -> None:
    drawing.line(points, theme.muted, width=2.2, arrow=True)


def _draw_trunk(drawing: Drawing, theme: Theme, size: int) -> None:
    _box(drawing, theme, (_TRUNK_X, _row(0)), (f"crop {size} x {size}", "uint8 RGB"), strong=True)
    for index, (name, channels, stride) in enumerate(_TRUNK, 1):
        side = size // stride
        _arrow(drawing, theme, (_TRUNK_X, _row(index - 1) + 29), (_TRUNK_X, _row(index) - 33))
        words = (name, f"{channels} channels, {side} x {side}")
        _box(drawing, theme, (_TRUNK_X, _row(index)), words)


def _draw_network(theme: Theme) -> Drawing:
    model = FaceAligner(device="cpu").model
    size, side = model.input_size, model.input_size // 8
    drawing = Drawing(760, _row(8) + 36, title=f"Network of {model.name}")
    _draw_trunk(drawing, theme, size)
    head_x, out_x = 404.0, 642.0
    edge = _TRUNK_X + _BOX_WH[0] / 2
    for row, name in ((3, "block 5"), (5, "block 12"), (6, "block 15")):
        _arrow(drawing, theme, (edge, _row(row)), (head_x - 90, _row(row)))
        words = (f"{name}: 1 x 1", "stride 8" if row == 3 else "enlarged, added")
        _box(drawing, theme, (head_x, _row(row)), words, width=172)
    _arrow(drawing, theme, (head_x, _row(6) - 29), (head_x, _row(5) + 33))
    _arrow(drawing, theme, (head_x, _row(5) - 29), (head_x, _row(3) + 33))
    _arrow(drawing, theme, (head_x, _row(3) - 29), (head_x, _row(2) + 33))
    _box(drawing, theme, (head_x, _row(2)), ("merge", "3 x 3, 1 x 1"), width=172)
    _arrow(drawing, theme, (head_x, _row(2) - 29), (head_x, _row(1) + 33))
    _box(drawing, theme, (head_x, _row(1)), ("68 soft maps", f"{side} x {side}, sum 1"), width=172)
    _draw_outputs(drawing, theme, head_x, out_x)
    return drawing


def _draw_outputs(drawing: Drawing, theme: Theme, head_x: float, out_x: float) -> None:
    """Draw the four outputs of the spatial head, and what they read."""
    right = head_x + 86
    for row, words in (
        (0.5, ("landmarks", "mean of each map")),
        (1.5, ("landmark_sigma", "spread of each map")),
    ):
        _arrow(drawing, theme, (right, _row(1)), (out_x - 108, _row(row)))
        _box(drawing, theme, (out_x, _row(row)), words, strong=True, width=206)
    bottom = _row(6) + 29
    _arrow(drawing, theme, (_TRUNK_X, bottom), (_TRUNK_X, _row(7) - 33))
    _box(drawing, theme, (_TRUNK_X, _row(7)), ("mean over the map", "160 numbers"))
    edge = _TRUNK_X + _BOX_WH[0] / 2
    _arrow(drawing, theme, (edge, _row(7)), (out_x - 108, _row(7)))
    _box(drawing, theme, (out_x, _row(7)), ("head_pose", "two linear layers"), strong=True,
         width=206)  # fmt: skip
    _arrow(drawing, theme, (_TRUNK_X, _row(7) + 29), (_TRUNK_X, _row(8)), (out_x - 108, _row(8)))
    _box(drawing, theme, (out_x, _row(8)), ("face_score", "one linear layer"), strong=True,
         width=206)  # fmt: skip
    lane = out_x + 109
    drawing.line([(out_x + 103, _row(0.5)), (lane, _row(0.5))], theme.muted, width=2.2)
    _arrow(drawing, theme, (lane, _row(0.5)), (lane, _row(7)), (out_x + 106, _row(7)))
    drawing.lines((out_x - 6, _row(4.2)), ("the shape of the", "landmarks helps", "the head pose"),
                  theme.muted, size=17)  # fmt: skip


def _draw_paper_network(theme: Theme) -> Drawing:
    drawing = Drawing(760, _row(6) + 36, title="ASMNet as published")
    _draw_trunk(drawing, theme, 224)
    pool_x, out_x = 404.0, 642.0
    edge = _TRUNK_X + _BOX_WH[0] / 2
    taps = {2: "block 1: 24", 3: "block 3: 32", 4: "block 6: 64", 5: "block 10: 96",
            6: "13, 15: 160 each"}  # fmt: skip
    for row, words in taps.items():
        drawing.line([(edge, _row(row)), (pool_x, _row(row))], theme.muted, width=2.2)
        drawing.text(((edge + pool_x) / 2, _row(row) - 14), words, theme.ink, size=17)
    drawing.line([(pool_x, _row(6)), (pool_x, _row(2))], theme.muted, width=2.2)
    _arrow(drawing, theme, (pool_x, _row(2)), (pool_x, _row(1) + 33))
    _box(drawing, theme, (pool_x, _row(1)), ("mean of maps", "536 numbers"), width=186)
    for row, words in ((0.5, ("landmarks", "one linear layer")), (1.5, ("head_pose",
                       "one linear layer"))):  # fmt: skip
        _arrow(drawing, theme, (pool_x + 93, _row(1)), (out_x - 108, _row(row)))
        _box(drawing, theme, (out_x, _row(row)), words, strong=True, width=206)
    return drawing


def draw_soft_argmax(folder: Path) -> None:
    """Draw a soft map, its strongest cell and its mean position."""
    for theme in THEMES:
        _draw_soft_argmax(theme).save(folder / f"soft-argmax-{theme.name}.svg")


def _draw_soft_argmax(theme: Theme) -> Drawing:
    cells, cell = 16, 25.0
    center_x, center_y = 9.94, 6.08
    rows, columns = np.mgrid[0:cells, 0:cells] + 0.5
    soft = np.exp(-((columns - center_x) ** 2 + (rows - center_y) ** 2) / (2 * 1.35**2))
    soft /= soft.sum()
    mean = np.array([(soft * columns).sum(), (soft * rows).sum()]) * cell + 1
    spread = (
        float(np.sqrt((soft * ((columns - center_x) ** 2 + (rows - center_y) ** 2)).sum() / 2))
        * cell
    )
    drawing = Drawing(cells * cell + 2, cells * cell + 2, title="From a soft map to a position")
    for row in range(cells):
        for column in range(cells):
            _draw_cell(drawing, theme, soft[row, column] / soft.max(), (column, row), cell)
    peak = np.array([soft.argmax() % cells, soft.argmax() // cells]) * cell + 1
    drawing.rectangle(tuple(peak), (cell, cell), stroke="#d55e00", width=3, radius=2)
    drawing.dot(mean, spread, "none", stroke=theme.ink)
    for arm in 9 * np.eye(2):
        drawing.line([mean - arm, mean + arm], theme.ink, width=2.5)
    return drawing


def _draw_cell(
    drawing: Drawing, theme: Theme, share: float, place: tuple[int, int], cell: float
) -> None:
    corner = (place[0] * cell + 1, place[1] * cell + 1)
    drawing.rectangle(corner, (cell, cell), fill=theme.panel, stroke=theme.edge, width=0.5,
                      radius=0)  # fmt: skip
    if share > 0.01:
        opacity = format(round(255 * 0.9 * share), "02x")
        drawing.rectangle(corner, (cell, cell), fill=f"#009e73{opacity}", radius=0)


def draw_asm_loss(folder: Path) -> None:
    """Draw what the ASM-assisted loss asks for in each third of a run."""
    for theme in THEMES:
        _draw_asm_loss(theme).save(folder / f"asm-loss-{theme.name}.svg")


def _draw_asm_loss(theme: Theme) -> Drawing:
    width, height = 250.0, 190.0
    drawing = Drawing(3 * width, height + 96, title="What the ASM-assisted loss asks for")
    truth, smooth = _eyebrow()
    for column, weight in enumerate((2.0, 1.0, 0.5)):
        shift = np.array([column * width + 20, 12.0])
        wanted = (truth + weight * smooth) / (1 + weight)
        drawing.line(smooth + shift, theme.region("eyebrow"), width=3, dash="2 7")
        drawing.line(truth + shift, theme.edge, width=3)
        drawing.line(wanted + shift, theme.accent, width=3.5)
        for point in wanted + shift:
            drawing.dot(point, 5, theme.accent)
        middle = column * width + width / 2
        names = ("first third", "second third", "last third")
        drawing.text((middle, height + 8), names[column], theme.ink, size=20, bold=True)
        drawing.text((middle, height + 36), f"α = {weight:g}", theme.muted, size=20)
    _draw_legend(drawing, theme, height + 76, 3 * width)
    return drawing


def _eyebrow() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return a made-up contour as annotated, and what a shape model would keep of it."""
    x = np.linspace(0, 210, 7)
    arch = 130 - 95 * np.sin(np.pi * (x / 210) ** 0.8)
    bumps = np.array([14, -26, 22, -30, 26, -20, 12])
    return np.column_stack([x, arch + bumps]), np.column_stack([x, arch])


def _draw_legend(drawing: Drawing, theme: Theme, y: float, width: float) -> None:
    entries = (
        ("annotated", theme.edge, "none"),
        ("smoothed by the shape model", theme.region("eyebrow"), "2 7"),
        ("asked for", theme.accent, "none"),
    )
    x = width / 2 - 340
    for words, color, dash in entries:
        drawing.line([(x, y), (x + 36, y)], color, width=3.5, dash=dash)
        drawing.text((x + 46, y), words, theme.ink, size=18, anchor="start")
        x += 64 + 10.4 * len(words)
