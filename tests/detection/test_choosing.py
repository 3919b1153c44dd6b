"""Detectors by name, as objects and as functions, and what they may return."""

from __future__ import annotations

import numpy as np
import pytest

from asmnet_sdk import AsmnetDetector, BoundingBox, FaceAligner, InvalidInputError, ModelError
from asmnet_sdk.detection.choosing import ChosenDetector

PHOTO = np.zeros((80, 100, 3), np.uint8)


class Returning:
    def __init__(self, found: object) -> None:
        self.found = found

    def detect(self, image: np.ndarray) -> object:
        return self.found


def one_face(image: np.ndarray) -> list[tuple[int, ...]]:
    return [(10, 10, 50, 60)]


def test_plain_function_is_a_detector(dot_model):
    aligner = FaceAligner(dot_model, detector=one_face)
    assert aligner.detect(PHOTO) == [BoundingBox(10, 10, 50, 60)]
    assert len(aligner.predict(PHOTO)) == 1


@pytest.mark.parametrize("detector", ["haar", 5, None, AsmnetDetector])
def test_what_is_no_detector_is_refused(detector):
    with pytest.raises(InvalidInputError, match="no detector"):
        ChosenDetector(detector)


@pytest.mark.parametrize(
    "found",
    [7, [(1, 2, np.nan, 4)], [(9, 9, 1, 1)], [(-1e9, -1e9, 1e9, 1e9)], [object()], "face"],
)
def test_error_about_what_a_detector_gave_names_it(dot_model, found):
    for detector, name in ((Returning(found), "Returning"), (lambda _: found, "<lambda>")):
        aligner = FaceAligner(dot_model, detector=detector)
        for use in (aligner.predict, aligner.detect):
            with pytest.raises(ModelError, match=f"detector {name} gave what are no face boxes"):
                use(PHOTO)


def test_errors_of_a_detector_pass_unchanged():
    def fail(image: np.ndarray) -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        ChosenDetector(fail).find(PHOTO)
