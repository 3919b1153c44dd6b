"""One annotated face and what an aligner made of it."""

from __future__ import annotations

from dataclasses import dataclass

from asmnet_sdk.datasets.annotated import AnnotatedFace
from asmnet_sdk.results import Face

__all__ = ["FaceResult"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FaceResult:
    """One annotated face and what the aligner made of it.

    Attributes:
        annotated: The face and its labels.
        face: The prediction, in the layout in which it is judged: the annotated one, or the
            model's where that has fewer points; None where the detector did not find it.
        nme_percent: Its inter-ocular NME; infinite where the face was not found.
    """

    annotated: AnnotatedFace
    face: Face | None
    nme_percent: float
