"""Two models on the same faces: who is nearer to the truth, where, and how surely."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.evaluation.groups import Grouping, groups_by, subsets_and_attributes
from asmnet_sdk.evaluation.intervals import mean_interval
from asmnet_sdk.evaluation.results import FaceResult

__all__ = ["ComparedFigures", "compare", "with_most_at_stake"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedFigures:
    """Two models on the faces of one subset that both found.

    Attributes:
        subset: Its name; ``"all"`` for the whole set.
        faces: Number of faces.
        nme_percent: Mean inter-ocular NME of the first and of the second model.
        difference_percent: Second minus first: negative where the second is more exact.
        difference_interval_percent: What holds the mean difference with a probability of 95 %
            (bootstrap over the faces); None for fewer than two.
        nearer: On how many faces the first, and the second, has the lower NME.
    """

    subset: str
    faces: int
    nme_percent: tuple[float, float]
    difference_percent: float
    difference_interval_percent: tuple[float, float] | None
    nearer: tuple[int, int]


def compare(
    first: Sequence[FaceResult], second: Sequence[FaceResult], *, by: Sequence[Grouping] = ()
) -> list[ComparedFigures]:
    """Compare what two models made of the same faces, as ``summarise`` groups them.

    Args:
        first: Results of ``evaluate`` with one model.
        second: Results with the other, on the same faces in the same order.
        by: Further ranges to compare on.

    Raises:
        InvalidInputError: The faces are not the same, or were judged at different points.
    """
    _check_same_faces(first, second)
    partner = {id(a): b for a, b in zip(first, second, strict=True)}
    found = [a for a, b in zip(first, second, strict=True) if a.face and b.face]
    if not found:
        raise InvalidInputError("no face was found by both models: there is nothing to compare")
    groups = subsets_and_attributes(found)
    groups += [group for grouping in by for group in groups_by(grouping, found)]
    if len(groups) > 1:
        groups.append(("all", found))
    return [_compared(name, group, [partner[id(a)] for a in group]) for name, group in groups]


def with_most_at_stake(
    first: Sequence[FaceResult], second: Sequence[FaceResult], *, count: int
) -> list[int]:
    """Return the faces on which the models differ most, or both err most: indices, worst first.

    A third is where the second model loses most, a third where it wins most, a third where the
    better of the two is worst.
    """
    errors = np.array([[a.nme_percent, b.nme_percent] for a, b in zip(first, second, strict=True)])
    capped = np.minimum(errors, 1000.0)  # a face not found: worse than any other
    difference, better = capped[:, 1] - capped[:, 0], capped.min(axis=1)
    share = -(-count // 3)
    chosen: dict[int, None] = {}
    for worth in (difference, -difference, better):
        chosen |= dict.fromkeys(np.argsort(-worth, kind="stable")[:share].tolist())
    return list(chosen)[:count]


def _check_same_faces(first: Sequence[FaceResult], second: Sequence[FaceResult]) -> None:
    if [a.annotated for a in first] != [b.annotated for b in second]:
        raise InvalidInputError("the results are not of the same faces in the same order")
    layouts = {result.face.layout.name for result in (*first, *second) if result.face is not None}
    if len(layouts) > 1:
        raise InvalidInputError(
            f"the models are judged at different points ({', '.join(sorted(layouts))}): compare "
            "them on annotations that both can be converted to"
        )


def _compared(
    subset: str, first: Sequence[FaceResult], second: Sequence[FaceResult]
) -> ComparedFigures:
    errors = np.array([[r.nme_percent for r in results] for results in (first, second)])
    difference = errors[1] - errors[0]
    one, other = errors.mean(axis=1).tolist()
    return ComparedFigures(
        subset=subset,
        faces=len(first),
        nme_percent=(one, other),
        difference_percent=float(difference.mean()),
        difference_interval_percent=mean_interval(difference),
        nearer=(int((difference > 0).sum()), int((difference < 0).sum())),
    )
