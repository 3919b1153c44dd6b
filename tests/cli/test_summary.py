"""What people read on a terminal; programs get JSON."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import replace

import pytest

from asmnet_sdk import HeadPose, sample_photo
from asmnet_sdk.cli import main
from asmnet_sdk.cli.summary import print_faces
from asmnet_sdk.cli.terminal import complain, shortened

WORDS = ("predict", str(sample_photo()), "--device", "cpu", "--offline")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown_on_a_terminal(monkeypatch: pytest.MonkeyPatch, *words: str) -> str:
    """Run the program and return what standard output, a terminal, shows."""
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", Terminal())
        assert main(words) == 0
        return sys.stdout.getvalue()


def test_terminal_shows_a_table_of_80_columns_and_a_closing_line(monkeypatch, capsys):
    lines = shown_on_a_terminal(monkeypatch, *WORDS).splitlines()
    err = capsys.readouterr().err
    titles = ["photo", "face", "size", "yaw", "pitch", "roll", "score", "eyes", "mouth"]
    assert lines[0].split() == titles
    assert [line.split()[0] for line in lines[1:]] == ["group.jpg"] * 6
    assert max(map(len, lines)) <= 80
    assert err == "6 faces in 1 photo\n"


def test_json_is_printed_where_asked_for(monkeypatch):
    shown = shown_on_a_terminal(monkeypatch, *WORDS, "--json", "-")
    assert len(json.loads(shown)[0]["faces"]) == 6


def test_a_pipe_gets_json_alone(capsys):
    assert main(WORDS) == 0
    out, err = capsys.readouterr()
    assert len(json.loads(out)[0]["faces"]) == 6
    assert err == ""


def test_closing_line_names_what_was_written(tmp_path, capsys):
    csv, report = tmp_path / "a.csv", tmp_path / "a.html"
    assert main((*WORDS, "--csv", str(csv), "--report", str(report))) == 0
    assert capsys.readouterr().err == f"6 faces in 1 photo, wrote {csv} and {report}\n"


def test_long_tables_are_cut(capsys, aligner):
    faces = aligner.predict(sample_photo("portrait")) * 45
    print_faces({"a" * 99 + ".jpg": faces})
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 42
    assert lines[-1] == "... and 5 more faces: --csv FILE has all"
    assert max(map(len, lines)) <= 80


def test_errors_wrap_between_words_on_a_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "30")
    monkeypatch.setattr(sys, "stderr", Terminal())
    complain("photos/broken-file.jpg: not a picture of a format")
    assert sys.stderr.getvalue().splitlines() == [
        "asmnet: error:",
        "photos/broken-file.jpg: not a",
        "picture of a format",
    ]


def test_errors_are_one_line_for_a_program(capsys):
    complain("a " * 90)
    assert capsys.readouterr().err == "asmnet: error: " + "a " * 90 + "\n"


def test_angles_that_round_to_zero_have_no_minus(aligner, capsys):
    [face] = aligner.predict(sample_photo("portrait"))
    print_faces({"a.jpg": [replace(face, head_pose=HeadPose(-0.4, -0.4, -0.4))]})
    assert capsys.readouterr().out.splitlines()[1].split()[3:6] == ["+0", "+0", "+0"]


def test_shortened_leaves_out_the_middle():
    assert shortened("abcdefghij", 10) == "abcdefghij"
    assert shortened("abcdefghijk", 10) == "abcd...ijk"
    assert shortened("漢字" * 9, 10) == "漢字...字"


def test_name_of_a_photo_cannot_act_on_the_terminal(aligner, capsys):
    print_faces({"\x1b[31mred.jpg": aligner.predict(sample_photo())})
    assert "\x1b" not in capsys.readouterr().out
