"""What is asked of a measurement, and whether it was reached."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from asmnet_sdk.cli.terminal import print_table

__all__ = ["Bars"]


@dataclass
class Bars:
    """Collects figures with what is asked of them."""

    rows: list[list[str]] = field(default_factory=list)

    def add(self, name: str, value: float, needed: Literal["<=", ">="], bar: float) -> None:
        """Note a figure; the bar itself is enough."""
        is_met = value >= bar if needed == ">=" else value <= bar
        verdict = "met" if is_met else "MISSED"
        self.rows.append([name, f"{value:.4g}", f"{needed} {bar:g}", verdict])

    def print(self) -> None:
        """Print them all."""
        print_table(["bar", "measured", "asked", ""], self.rows)
