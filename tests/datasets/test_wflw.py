from __future__ import annotations

import numpy as np
import pytest

from asmnet_sdk import InvalidInputError
from asmnet_sdk.datasets import (
    read_wflw,
)
from tests.datasets.written_files import wflw_line, wflw_list, write


def test_wflw_line_is_one_face(tmp_path):
    [face] = read_wflw(wflw_list(tmp_path, wflw_line()))
    np.testing.assert_allclose(face.landmarks, [[i, i + 0.5] for i in range(98)])
    assert face.photo == tmp_path / "WFLW_images" / "0--Parade" / "a b.jpg"
    assert (face.subset, face.attributes) == ("test", {"pose", "blur"})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (wflw_line() + "1 2 3\n", r"test\.txt, line 2: expected 206 numbers and the path"),
        (wflw_line(at3="x"), "line 1: expected 206 numbers"),
        (wflw_line(at3="nan"), "line 1: coordinates are not finite"),
        (wflw_line() + "\n" + wflw_line(at206="no.jpg"), r"line 3: no photo .*no\.jpg"),
        ("", r"test\.txt: no lines in it"),
    ],
)
def test_bad_wflw_line_names_file_and_line(tmp_path, text, reason):
    with pytest.raises(InvalidInputError, match=reason):
        read_wflw(wflw_list(tmp_path, text))


def test_wflw_without_its_photos_is_refused(tmp_path):
    with pytest.raises(InvalidInputError, match=r"test\.txt, line 1: no photo .*a b\.jpg"):
        read_wflw(write(tmp_path / "test.txt", wflw_line()))
