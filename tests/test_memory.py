"""Large photos: no copy of one in floating point, crops straight from its bytes."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc

import numpy as np
import pytest

from asmnet_sdk import AsmnetDetector, FaceAligner, load_image
from tests.conftest import EXAMPLES, REPOSITORY
from tests.example_boxes import ASTRONAUT_BOX


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    """The portrait in the corner of a 4K photo: (2160, 3840, 3) RGB."""
    photo = np.zeros((2160, 3840, 3), np.uint8)
    portrait = load_image(EXAMPLES / "astronaut.jpg").repeat(4, axis=0).repeat(4, axis=1)
    photo[: portrait.shape[0], : portrait.shape[1]] = portrait[:2160, :3840]
    return photo


def peak_bytes(call) -> int:
    """Return the most memory of arrays, all of numpy's and those OpenCV returns, that it took."""
    call()
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_prediction_on_a_large_photo_takes_its_copy_and_a_half(aligner: FaceAligner, photo):
    """The copy is that of the caller's array; a float32 one would be four times as large."""
    assert peak_bytes(lambda: aligner.predict(photo, color="rgb")) < 1.5 * photo.nbytes


def test_detector_takes_less_than_a_copy(photo):
    detector = AsmnetDetector(threads=1)
    assert peak_bytes(lambda: detector.detect(photo)) < 0.5 * photo.nbytes


def test_given_boxes_only_their_part_is_resampled(aligner: FaceAligner, photo):
    box = tuple(4 * edge for edge in ASTRONAUT_BOX)
    copied = photo.nbytes
    assert peak_bytes(lambda: aligner.predict(photo, box, color="rgb")) < copied + 2**20


MEMORY_OF_MANY_SIZES = """
import numpy as np
from asmnet_sdk import AsmnetDetector
from long_run import private_mb

detector = AsmnetDetector(threads=1)
photos = [np.full((side, 960 - side, 3), 90, np.uint8) for side in range(160, 960 - 160, 40)]
detector.detect(photos[0])
before = private_mb()
for photo in photos:
    detector.detect(photo)
print(private_mb() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read as Linux tells it")
def test_detector_keeps_no_memory_of_pictures_of_many_sizes():
    """It kept 18 MB more after these, and grew in steps."""
    code = f"import sys; sys.path.insert(0, 'benchmarks')\n{MEMORY_OF_MANY_SIZES}"
    out = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert float(out.stdout) < 5
