"""What was measured of the models of the registry: ``figures.json``, made by ``lab.figures``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["ModelFigures", "model_figures"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFigures:
    """What a model costs and how exact it is; None for what was not measured."""

    layout: str | None = None
    """Name of its landmark layout; None for a detector."""
    input_size: int | None = None
    """Side of the crop in pixels."""
    nme_percent: float | None = None
    """Error on the 300-W common test set, at annotated boxes."""
    milliseconds: float | None = None
    """One face, or for a detector one photo of 960 x 640, on one thread of ``processor``."""
    megabytes: float | None = None
    """Size of the file."""


@cache
def model_figures() -> Mapping[str, ModelFigures]:
    """Return the figures by the name of the model; models that nobody measured are missing."""
    text = Path(__file__).with_name("figures.json").read_text(encoding="utf-8")
    return {name: ModelFigures(**values) for name, values in json.loads(text)["models"].items()}
