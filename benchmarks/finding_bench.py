"""What ``finding.py`` measures, and what it asks."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from bars import Bars
from finding_scenes import Finders

from asmnet_sdk import FaceAligner
from asmnet_sdk.datasets import AnnotatedFace

__all__ = ["Bench"]


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What is measured, on what, and the bars."""

    options: argparse.Namespace
    aligner: FaceAligner
    finders: Finders
    test: Sequence[AnnotatedFace]
    training: Sequence[AnnotatedFace]
    bars: Bars

    @property
    def some(self) -> Sequence[AnnotatedFace]:
        """Every so many-th photo of the test set."""
        return self.test[:: self.options.every]
