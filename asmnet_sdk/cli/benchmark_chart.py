"""The times of a benchmark as a picture: a bar a setting, a colour a stage."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from asmnet_sdk.cli.benchmarking import STAGES, StageTimes
from asmnet_sdk.drawing.charting import Canvas, Color, text_width, tick_step

__all__ = ["draw_stage_times"]

_INK: Color = (31, 41, 51)
_MUTED: Color = (102, 114, 127)
_GRID: Color = (222, 227, 233)
# The palette of Okabe and Ito, which colour-blind readers can tell apart.
_COLORS: dict[str, Color] = dict(
    zip(
        STAGES,
        ((86, 180, 233), (230, 159, 0), (240, 228, 66), (0, 158, 115), (204, 121, 167)),
        strict=True,
    )
)
_TITLE = "Time of each stage"
_AXIS = "milliseconds, median (decode, detect: a photo; the other stages: a face)"
_WHISKER = "black line: interquartile range of their sum"
_BAR_WIDTH = 560
_ROW = 30
_TOP = 88
_MARGIN = 20


def draw_stage_times(results: Sequence[StageTimes], *, footnotes: Sequence[str] = ()) -> Canvas:
    """Draw one bar a setting, its stages side by side, with the sum and its spread.

    Args:
        results: What ``time_stages`` returns.
        footnotes: Lines below the axis, such as the machine.
    """
    names = [_name(result) for result in results]
    left = _MARGIN + max(text_width(name) for name in names) + 14
    bottom = _TOP + _ROW * len(results)
    width = int(
        max(left + _BAR_WIDTH + 110, 2 * _MARGIN + max(map(text_width, footnotes), default=0))
    )
    canvas = Canvas(width, bottom + 58 + 18 * len(footnotes))
    highest = max(map(_right_end, results))
    scale = _BAR_WIDTH / highest
    _draw_head(canvas, list(results[0].milliseconds))
    _draw_axis(canvas, (left, bottom), highest, scale)
    for row, (name, result) in enumerate(zip(names, results, strict=True)):
        y = _TOP + _ROW * (row + 0.5)
        canvas.text((left - 10, y), name, _INK, anchor="right")
        _draw_bar(canvas, result, (left, y), scale)
    for row, words in enumerate(footnotes):
        canvas.text((_MARGIN, bottom + 58 + 18 * row), words, _MUTED, size=12)
    return canvas


def _right_end(result: StageTimes) -> float:
    """Return how far bar and whisker reach, in milliseconds."""
    medians = sum(result.median(stage) for stage in result.milliseconds)
    return max(medians, float(np.percentile(result.total, 75)))


def _name(result: StageTimes) -> str:
    setting = result.setting
    threads = "all threads" if setting.threads is None else f"{setting.threads} thread"
    plural = "s" if (setting.threads or 1) > 1 else ""
    device = setting.network.device
    return f"{setting.model}, {device}, {threads}{plural}, batch {setting.batch}"


def _draw_head(canvas: Canvas, stages: Sequence[str]) -> None:
    canvas.text((_MARGIN, 24), _TITLE, _INK, size=17)
    x = float(_MARGIN)
    for stage in stages:
        canvas.rectangle((x, 48), (14, 14), _COLORS[stage])
        canvas.text((x + 20, 55), stage, _INK)
        x += text_width(stage) + 44
    canvas.text((x, 55), _WHISKER, _MUTED)


def _draw_axis(canvas: Canvas, corner: tuple[float, float], highest: float, scale: float) -> None:
    left, bottom = corner
    step = tick_step(highest)
    for tick in np.arange(0, highest + step / 100, step):
        x = left + float(tick) * scale
        canvas.line((x, _TOP), (x, bottom), _GRID)
        canvas.text((x, bottom + 12), f"{tick:.10g}", _MUTED, anchor="middle")
    canvas.text((left, bottom + 32), _AXIS, _INK)


def _draw_bar(canvas: Canvas, result: StageTimes, start: tuple[float, float], scale: float) -> None:
    x, y = start
    for stage in result.milliseconds:
        width = result.median(stage) * scale
        canvas.rectangle((x, y - 10), (width, 20), _COLORS[stage])
        x += width
    total = (x - start[0]) / scale
    low, high = np.percentile(result.total, [25, 75]) * scale + start[0]
    canvas.line((low, y), (high, y), _INK, 1.5)
    for end in (low, high):
        canvas.line((end, y - 4), (end, y + 4), _INK, 1.5)
    canvas.text((max(x, high) + 8, y), f"{total:.2f} ms", _INK)
