"""The times of a benchmark as a picture: a bar a setting, a colour a stage."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from asmnet_sdk.cli.benchmarking import STAGES, StageTimes
from asmnet_sdk.errors import InvalidInputError, missing_extra
from asmnet_sdk.whole_files import whole_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["check_plots", "draw_stage_times", "save_figure"]

# The palette of Okabe and Ito, which colour-blind readers can tell apart.
_COLORS = dict(zip(STAGES, ("#56b4e9", "#e69f00", "#f0e442", "#009e73", "#cc79a7"), strict=True))
_AXIS = "milliseconds, median (decode, detect: a photo; the other stages: a face)"
_WHISKER = "interquartile range of their sum"


def check_plots() -> None:
    """Refuse to go on where the extra ``[plots]`` is not installed.

    Raises:
        MissingExtraError: The message says how to get it.
    """
    if find_spec("matplotlib") is None:
        raise missing_extra("a plot", "plots", "matplotlib")


def draw_stage_times(results: Sequence[StageTimes], *, footnotes: Sequence[str] = ()) -> Figure:
    """Draw one bar a setting, its stages side by side, with the sum and its spread.

    Args:
        results: What ``time_stages`` returns.
        footnotes: Lines below the axis, such as the machine.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 1.6 + 0.35 * len(results)), layout="constrained")
    axes = figure.add_subplot(xlabel="\n".join((_AXIS, *footnotes)), title="Time of each stage")
    names = [_name(result) for result in results]
    rows = np.arange(len(results))
    left = np.zeros(len(results))
    for stage in results[0].milliseconds:
        widths = np.array([result.median(stage) for result in results])
        axes.barh(rows, widths, left=left, color=_COLORS[stage], label=stage)
        left = left + widths
    low, high = np.transpose([np.percentile(result.total, [25, 75]) for result in results])
    axes.errorbar((low + high) / 2, rows, xerr=(high - low) / 2, fmt="none", ecolor="#1f2933",
                  capsize=3, label=_WHISKER)  # fmt: skip
    for row, total in zip(rows, left, strict=True):
        end = max(total, high[row])
        axes.annotate(
            f"{total:.2f} ms", (end, row), (6, 0), textcoords="offset points", va="center"
        )
    axes.set_yticks(rows, names)
    axes.invert_yaxis()
    axes.margins(x=0.15)
    axes.grid(axis="x", alpha=0.3)
    figure.legend(loc="outside upper center", ncols=len(_COLORS) + 1, fontsize="small")
    return figure


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure in the format that the name of the file says.

    Raises:
        InvalidInputError: matplotlib writes no such format.
    """
    try:
        with whole_file(path) as part:
            figure.savefig(part, dpi=150, bbox_inches="tight", format=path.suffix[1:].lower())
    except ValueError as exc:
        raise InvalidInputError(f"{path} cannot be drawn: {exc}") from exc


def _name(result: StageTimes) -> str:
    setting = result.setting
    threads = "all threads" if setting.threads is None else f"{setting.threads} thread"
    plural = "s" if (setting.threads or 1) > 1 else ""
    device = setting.network.device
    return f"{setting.model}, {device}, {threads}{plural}, batch {setting.batch}"
