from __future__ import annotations

import pytest

from asmnet_sdk import FaceAligner, InvalidInputError, load_image, sample_photo
from asmnet_sdk.geometry import intersection_over_union
from asmnet_sdk.images.samples import SAMPLE_NAMES
from tests.example_boxes import ASTRONAUT_BOX

FACES = [
    (121, 79, 208, 168),
    (426, 97, 555, 223),
    (740, 92, 869, 230),
    (92, 431, 199, 537),
    (426, 483, 519, 567),
    (723, 393, 880, 541),
]


@pytest.mark.parametrize(("name", "size_wh"), [("group", (960, 640)), ("portrait", (512, 512))])
def test_samples_are_small_files_of_known_size(name, size_wh):
    assert name in SAMPLE_NAMES
    assert load_image(sample_photo(name)).shape == (size_wh[1], size_wh[0], 3)
    assert sample_photo(name).stat().st_size < 130_000


def test_every_face_of_the_group_is_found(aligner: FaceAligner):
    found = [[*face.box] for face in aligner.predict(sample_photo())]
    overlaps = intersection_over_union(FACES, found)
    assert len(found) == len(FACES)
    assert overlaps.max(axis=1).min() > 0.5


def test_face_of_the_portrait_is_in_the_documented_box(aligner: FaceAligner):
    [face] = aligner.predict(sample_photo("portrait"))
    assert intersection_over_union([ASTRONAUT_BOX], [[*face.box]])[0, 0] > 0.7


def test_unknown_sample_lists_those_there_are():
    with pytest.raises(InvalidInputError, match="needed: 'group' or 'portrait'"):
        sample_photo("crowd")
