"""Calibrate how surely a published model says that points can be seen; all else it gives stays.

``python -m lab.fit_visibility MODEL.onnx PACKED.npz [PACKED.npz ...]`` shifts the log odds of
``landmark_visible`` by one number, the same for all points, that makes the labels of the packed
faces most likely; each file counts alike. Pasted covers teach a network what they look like, and it
is too sure of points behind real ones.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from asmnet_sdk.aligner import FaceAligner
from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.training.samples import FaceSamples
from asmnet_sdk.whole_files import write_bytes
from lab.hard_faces import labelled_visibility, look_at

__all__ = ["Evidence", "likeliest_shift", "shift_log_odds", "visibility_of"]

_BIAS = ".visible_around.2.bias"
_SHIFTS = np.arange(-3, 3.001, 0.05)
_LEAST = 1e-6
_FACES = 600  # of each file: every n-th

Evidence = tuple[NDArray[np.float64], NDArray[np.bool_]]
"""(N,) log odds that a model gives to points, and whether they can be seen."""


def visibility_of(model: Path, faces: FaceSamples) -> Evidence:
    """Return what a model says of the points whose visibility is labelled, at the true boxes."""
    with FaceAligner(model, passes=1, threads=1) as aligner:
        found, truth = labelled_visibility(look_at(aligner, faces))
    shares = found.astype(np.float64).clip(_LEAST, 1 - _LEAST)
    return np.log(shares / (1 - shares)), truth


def likeliest_shift(evidence: Sequence[Evidence]) -> float:
    """Return what is to be added to all log odds, a multiple of 0.05."""
    losses = [
        sum(
            np.logaddexp(0, np.where(seen, -1, 1) * (odds + shift)).mean()
            for odds, seen in evidence
        )
        for shift in _SHIFTS
    ]
    return float(_SHIFTS[int(np.argmin(losses))])


def shift_log_odds(model: Path, shift: float) -> None:
    """Add a number to the log odds of all points of a model file.

    Raises:
        InvalidInputError: The model says nothing of visibility.
    """
    content = onnx.load(model)
    found = [each for each in content.graph.initializer if each.name.endswith(_BIAS)]
    if not found:
        raise InvalidInputError(f"{model} does not tell which points can be seen")
    bias = numpy_helper.to_array(found[0]) + np.float32(shift)
    found[0].CopyFrom(numpy_helper.from_array(bias, found[0].name))
    write_bytes(model, content.SerializeToString())


def main() -> None:
    """Calibrate a model file from the command line."""
    parser = argparse.ArgumentParser(prog="python -m lab.fit_visibility", description=__doc__)
    parser.add_argument("model", type=Path, help="model file, which is changed")
    parser.add_argument("packed", type=Path, nargs="+", help="files of lab.training_sets")
    options = parser.parse_args()
    evidence = []
    for path in options.packed:
        faces = FaceSamples.load(path)
        some = faces.take(np.arange(0, len(faces), max(1, len(faces) // _FACES)))
        evidence.append(visibility_of(options.model, some))
    shift = likeliest_shift(evidence)
    shift_log_odds(options.model, shift)
    print(f"{options.model}: log odds shifted by {shift:+.2f}")


if __name__ == "__main__":
    main()
