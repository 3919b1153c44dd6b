"""How sure it is that a crop shows a face."""

from __future__ import annotations

import math

__all__ = ["face_score"]

# Mean error radius, as a share of the crop's side, at which a thing is as likely as a face: with
# asmnet-68, none of 273 faces of WFLW's test list is beyond it at the second look, and 3 in 4 of
# what detector and network score alone take for faces in pictures without any.
_DOUBTED_SIGMA = 0.07
_SOFTNESS = 0.005


def face_score(network_score: float, sigma_share: float | None) -> float:
    """Return the network's score, or less where it does not know where the landmarks are.

    Args:
        network_score: In [0, 1].
        sigma_share: Mean error radius of the landmarks as a share of the crop's side; None where
            the network does not give it.
    """
    if sigma_share is None:
        return network_score
    known = 1 / (1 + math.exp(min((sigma_share - _DOUBTED_SIGMA) / _SOFTNESS, 50.0)))
    return min(network_score, known)
