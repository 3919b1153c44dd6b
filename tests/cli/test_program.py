from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from asmnet_sdk import __version__, cli
from asmnet_sdk.cli.program import main, make_parser
from tests.cli.conftest import AT_BOX
from tests.conftest import REPOSITORY

COMMANDS = make_parser()[1]
PROGRAM = [sys.executable, "-m", "asmnet_sdk"]


def test_version(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["--version"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out.strip() == __version__


def usage_error(capsys, *words: str) -> str:
    """Return the one line that wrong usage gives."""
    with pytest.raises(SystemExit) as stopped:
        main(list(words))
    captured = capsys.readouterr()
    assert (stopped.value.code, captured.out, captured.err.count("\n")) == (2, "", 1)
    assert captured.err.startswith("asmnet: error: ")
    return captured.err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["predit", "a.jpg"], "no command 'predit' (did you mean predict?); see asmnet --help"),
        (["predict"], "required: PHOTO; see asmnet predict --help"),
        (["predict", "a.jpg", "--cvs", "f"], "unknown argument '--cvs' (did you mean --csv?)"),
        (["predict", "a.jpg", "--raport=x"], "'--raport=x' (did you mean --report?)"),
        (["predict", "a.jpg", "--box", "1", "2"], "argument --box: expected 4 arguments"),
        (["predict", "a.jpg", "--threads", "0"], "'0' is no whole number from 1"),
        (["predict", "a.jpg", "--threads", "two"], "'two' is no whole number from 1"),
        (["predict", "a.jpg", "--passes", "3"], "invalid choice: 3 (choose from auto, 1, 2)"),
        (["completion", "tcsh"], "see asmnet completion --help"),
    ],
)
def test_wrong_usage_is_one_line_with_a_hint(capsys, words, expected):
    assert expected in usage_error(capsys, *words).replace("'auto'", "auto")


@pytest.mark.parametrize("command", ["benchmark", "train"])
@pytest.mark.parametrize("threads", ["0", "-1", "x"])
def test_wrong_numbers_of_threads_are_wrong_usage(command, threads, capsys):
    with pytest.raises(SystemExit) as stopped:
        main([command, "file", "--threads", threads])
    assert stopped.value.code == 2
    assert f"'{threads}' is no whole number from 1" in capsys.readouterr().err


def test_no_command_prints_the_help_and_fails(capsys):
    with pytest.raises(SystemExit) as stopped:
        main([])
    captured = capsys.readouterr()
    assert (stopped.value.code, captured.out) == (2, "")
    assert captured.err.startswith("usage: asmnet")


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_fits_the_terminal_and_has_an_example(command, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as stopped:
        main([*filter(None, [command]), "--help"])
    text = capsys.readouterr().out
    assert stopped.value.code == 0
    assert max(map(len, text.splitlines())) <= 80
    assert re.search(rf"^(Examples:\n  |Example: )asmnet {command}", text, re.MULTILINE)
    assert "None" not in text


@pytest.mark.parametrize("command", COMMANDS)
def test_every_argument_has_a_help(command):
    for action in COMMANDS[command]._actions:
        assert action.help, action


def test_documentation_names_every_exit_code():
    page = (REPOSITORY / "docs" / "command-line.md").read_text("utf-8")
    assert re.findall(r"^\| (\d+) \|", page, re.MULTILINE) == ["0", "1", "2", "130", "141"]


@pytest.fixture
def predict_words(dot_model) -> list[str]:
    """``asmnet predict`` as a program, without its photos."""
    options = ["--model", str(dot_model), "--device", "cpu", "--offline", "--threads", "1"]
    return [*PROGRAM, "predict", *AT_BOX, *options]


def shell(script: str) -> tuple[str, str]:
    result = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    return result.stdout, result.stderr


def quoted(words: list[str], *more: object) -> str:
    return " ".join(f"'{word}'" for word in (*words, *more))


def test_a_reader_that_leaves_ends_it_silently(predict_words, photos):
    """Both a long output, cut while it is written, and a short one, cut at the exit."""
    long = quoted(predict_words, *[photos / "a.png"], *AT_BOX * 150)
    out, err = shell(f'{long} | head -1; echo "${{PIPESTATUS[0]}}"')
    assert (out, err) == ("[\n141\n", "")
    out, err = shell(f'{quoted([*PROGRAM, "models"])} | :; echo "${{PIPESTATUS[0]}}"')
    assert (out, err) == ("141\n", "")


def test_a_full_disk_is_one_line(predict_words, photos):
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this system")
    out, err = shell(f"{quoted(predict_words, photos / 'a.png')} >/dev/full; echo $?")
    assert (out, err) == ("1\n", "asmnet: error: No space left on device\n")


@pytest.mark.usefixtures("heeded_interruption")
def test_interruption_is_one_line(predict_words, tmp_path):
    """The photo is a pipe that gives nothing, so that it waits until the signal comes."""
    os.mkfifo(tmp_path / "a.png")
    process = subprocess.Popen(
        [*predict_words, tmp_path / "a.png"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with (tmp_path / "a.png").open("wb"):
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, "", "asmnet: interrupted\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["benchmark", "a.png"], "interrupted: nothing was written"),
        (["evaluate", "photos"], "interrupted: nothing was written"),
        (["label", "photos"], "interrupted: nothing was written"),
        (["train", "run.toml"], "interrupted: the same command goes on from its checkpoint"),
        (["doctor"], "interrupted"),
    ],
)
def test_interruption_says_what_is_left(words, said, monkeypatch, capsys):
    def interrupt(options):
        raise KeyboardInterrupt

    monkeypatch.setattr(f"asmnet_sdk.cli.{words[0]}.run", interrupt)
    assert main(words) == 130
    assert capsys.readouterr().err == f"asmnet: {said}\n"


def test_interruption_while_the_program_loads_is_one_line(monkeypatch, capsys):
    class Interrupter:
        def find_spec(self, name, path, target=None):
            if name == "asmnet_sdk.cli.program":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "asmnet_sdk.cli.program")
    monkeypatch.delattr(cli, "program")
    monkeypatch.setattr(sys, "meta_path", [Interrupter(), *sys.meta_path])
    assert cli.main(["models"]) == 130
    assert capsys.readouterr() == ("", "asmnet: interrupted\n")


def test_progress_goes_to_a_terminal_only_and_without_colours(predict_words, photos):
    terminal, inner = pty.openpty()
    words = [*predict_words, str(photos)]
    result = subprocess.run(words, stdout=subprocess.PIPE, stderr=inner, check=True)
    os.close(inner)
    shown = os.read(terminal, 65536).decode()
    os.close(terminal)
    assert "2/2" in shown
    assert "\x1b" not in shown + result.stdout.decode()
    piped = subprocess.run(words, capture_output=True, check=True)
    assert (piped.stdout, piped.stderr) == (result.stdout, b"")
