"""The figures of ``asmnet evaluate`` as tables, for the terminal and for the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from asmnet_sdk.evaluation import ComparedFigures, SubsetFigures

__all__ = ["Table", "accuracy_table", "comparison_table"]

_PREDICTED = "predicted "
_ANGLES = ("yaw", "pitch", "roll", "rotation")


class Table(NamedTuple):
    """Titles of the columns, and the rows."""

    header: tuple[str, ...]
    rows: list[tuple[str, ...]]

    @property
    def notes(self) -> list[str]:
        """What stands below it."""
        has_predicted = any(row[0].endswith("*") for row in self.rows)
        return ["* as predicted: no head pose is annotated"] if has_predicted else []


def accuracy_table(figures: Sequence[SubsetFigures]) -> Table:
    """Return a row a subset; without columns that say nothing of any.

    Those are of faces missed where none was, and of angles where no head pose is annotated.
    """
    header = ("subset", "faces", "missed", "NME %", "> 8 %", "AUC", *_ANGLES, "NME, 95 %")
    silent = set() if any(row.missed for row in figures) else {"missed"}
    if all(row.head_pose_errors_degrees is None for row in figures):
        silent.update(_ANGLES)
    rows = [dict(zip(header, _cells(row), strict=True)) for row in figures]
    shown = tuple(title for title in header if title not in silent)
    return Table(shown, [tuple(row[title] for title in shown) for row in rows])


def _cells(figures: SubsetFigures) -> tuple[str, ...]:
    errors = figures.head_pose_errors_degrees, figures.rotation_error_degrees
    angles = None if errors[0] is None or errors[1] is None else (*errors[0], errors[1])
    return (
        _shown(figures.subset),
        str(figures.faces),
        str(figures.missed),
        f"{figures.nme_percent:.2f}",
        f"{figures.failure_rate_percent:.2f}",
        f"{figures.auc:.3f}",
        *(("-",) * len(_ANGLES) if angles is None else (f"{angle:.2f}" for angle in angles)),
        _interval(figures.nme_interval_percent),
    )


def comparison_table(rows: Sequence[ComparedFigures]) -> Table:
    """Return a row a subset: the NME of both models, their difference, how often each is nearer."""
    header = ("subset", "faces", "A", "B", "B - A", "95 %", "A wins", "B wins")
    return Table(
        header,
        [
            (
                _shown(row.subset),
                str(row.faces),
                f"{row.nme_percent[0]:.2f}",
                f"{row.nme_percent[1]:.2f}",
                f"{row.difference_percent:+.2f}",
                _interval(row.difference_interval_percent, sign="+"),
                *map(str, row.nearer),
            )
            for row in rows
        ],
    )


def _interval(ends: tuple[float, float] | None, *, sign: str = "") -> str:
    return "-" if ends is None else " to ".join(f"{end:{sign}.2f}" for end in ends)


def _shown(subset: str) -> str:
    """Return the name of a subset, short enough for a terminal."""
    return f"{subset.removeprefix(_PREDICTED)} *" if subset.startswith(_PREDICTED) else subset
