"""Results of the benchmarks as Markdown: tables, numbers, and what they were measured on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

__all__ = ["machine_sentence", "number", "read_result", "table"]

RESULTS = Path(__file__).with_name("results")
TEXT_COLUMNS = {"model", "program", "installed", "remark", "says how sure", "terms"}


def read_result(name: str) -> Any:
    """Return the result file of a benchmark."""
    return json.loads((RESULTS / f"{name}.json").read_text("utf-8"))


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table, numbers to the right."""
    is_text = [column in TEXT_COLUMNS for column in header]
    lines = [header, ["---" if text else "---:" for text in is_text], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def number(value: float | None, digits: int) -> str:
    """Write a number, or a dash where there is none."""
    return "-" if value is None else f"{value:.{digits}f}"


def machine_sentence(result: Any) -> str:
    """Say when and where a result was measured."""
    machine = result["machine"]
    versions = ", ".join(
        f"{name} {machine[name]}" for name in ("onnxruntime", "opencv", "numpy") if name in machine
    )
    if "date" in result:
        day = f"Measured on {result['date']} on "
    else:
        parts = (("errors", "errors"), ("hard faces", "hard"), ("times", "times"))
        days = [
            f"{what} on {result[f'{key}_date']}" for what, key in parts if f"{key}_date" in result
        ]
        day = f"Measured: {', '.join(days)}, on " if days else "Measured on "
    return f"{day}{machine['processor']}; {machine['system']}; {versions}."
