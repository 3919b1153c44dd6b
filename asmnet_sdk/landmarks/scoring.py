"""How sure it is that a crop shows a face."""

from __future__ import annotations

import math

__all__ = ["face_score"]

# Mean error radius, as a share of the crop's side, at which a thing is as likely as a face. Of 259
# babies and AFLW faces none that the networks take for a face is beyond it; of 1,239 crops without
# a face asmnet-68-fast takes 8 for one instead of 13, asmnet-68 and asmnet-98 take 2 instead of 3.
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
