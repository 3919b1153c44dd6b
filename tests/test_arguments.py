"""Options of the wrong kind are named, before a model is loaded or a photo looked at."""

from __future__ import annotations

import numpy as np
import pytest

from asmnet_sdk import FaceAligner, InvalidInputError
from asmnet_sdk.cli import main
from asmnet_sdk.errors import in_brief


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": None}, "model is None; needed: a name, a path, or a repository"),
        ({"model": b"asmnet-68"}, "model is b'asmnet-68'; needed"),
        ({"threads": 10**9}, "threads is 1000000000; needed: a whole number from 1 to 1024"),
        ({"threads": 2**70}, "threads is .*; needed: a whole number from 1 to 1024"),
        ({"passes": np.array([1, 2])}, r"passes is array\(\[1, 2\]\); needed: 'auto', 1 or 2"),
        ({"min_score": "0.5"}, "min_score is '0.5'; needed: a number from 0 to 1"),
        ({"min_score": float("nan")}, "min_score is nan; needed: a number from 0 to 1"),
        ({"score_threshold": 1j}, "score_threshold is 1j; needed: a number from 0 to 1"),
        ({"min_face_size": "20"}, "min_face_size is '20'; needed: a number above 0"),
        ({"max_faces": 1.5}, "max_faces is 1.5; needed: a whole number from 1"),
        ({"max_faces": 0}, "max_faces is 0; needed: a whole number from 1"),
    ],
)
def test_option_of_the_wrong_kind_is_named(options, message):
    with pytest.raises(InvalidInputError, match=message):
        FaceAligner(**options)


def test_numbers_of_numpy_are_numbers():
    options = {"passes": np.int64(2), "min_score": np.float32(0.5), "max_faces": np.int32(3)}
    FaceAligner(**options, min_face_size=np.float64(20)).close()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Zoë's photo.jpg", "Zoë's photo.jpg"),
        ("a\x1b[31m\0\r\nb", r"a\x1b[31m\x00\r\nb"),
        ("\udcff\u202egpj.exe", r"\udcff\u202egpj.exe"),
    ],
)
def test_errors_show_what_would_act_on_a_terminal(text, shown):
    assert in_brief(text) == shown


def test_commands_show_what_would_act_on_a_terminal(capsys):
    assert main(["predict", "\x1b]0;title\a.jpg"]) == 1
    assert "no photo at '\\x1b]0;title\\x07.jpg'" in capsys.readouterr().err
