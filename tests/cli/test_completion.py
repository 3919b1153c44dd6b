"""``asmnet completion``: its scripts, run in the shells they are for."""

from __future__ import annotations

import os
import pty
import re
import select
import shlex
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from asmnet_sdk.cli.program import main, make_parser
from asmnet_sdk.hub.registry import available_models

ALIGNERS = [spec.name for spec in available_models() if spec.kind == "aligner"]
MODELS = [spec.name for spec in available_models()]
COMMANDS = sorted(make_parser()[1])
DETECTORS = ["asmnet-detector", "default", "yunet"]


@pytest.fixture
def script(tmp_path, capsys):
    def write(shell: str) -> Path:
        if shutil.which(shell) is None:
            pytest.skip(f"no {shell} at hand")
        assert main(["completion", shell]) == 0
        path = tmp_path / f"asmnet.{shell}"
        path.write_text(capsys.readouterr().out, encoding="utf-8")
        return path

    return write


def complete_in_bash(script: Path, *words: str) -> tuple[list[str], bool]:
    """Return what bash offers for the last word, and whether it offers files else."""
    lines = [
        f"source {shlex.quote(str(script))}",
        "compopt() { [[ $* == '+o default' ]] && echo NO-FILES; }",
        f"COMP_WORDS=({' '.join(map(shlex.quote, words))})",
        f"COMP_CWORD={len(words) - 1}",
        "_asmnet",
        'printf "%s\\n" "${COMPREPLY[@]}"',
    ]
    result = subprocess.run(
        ["bash", "-c", "\n".join(lines)], capture_output=True, text=True, check=True
    )
    assert result.stderr == ""
    offered = result.stdout.split()
    return [word for word in offered if word != "NO-FILES"], "NO-FILES" not in offered


def complete_in_fish(script: Path, *words: str) -> list[str]:
    line = shlex.quote(" ".join(words))
    result = subprocess.run(
        ["fish", "--no-config", "-c", f"source {script}; complete -C {line}"],
        capture_output=True, text=True, check=True,
        env={**os.environ, "HOME": str(script.parent), "XDG_CONFIG_HOME": str(script.parent)},
    )  # fmt: skip
    return sorted(line.split("\t")[0] for line in result.stdout.splitlines())


class Zsh:
    """An interactive zsh on a terminal of its own."""

    def __init__(self, script: Path) -> None:
        self._terminal, inner = pty.openpty()
        self._process = subprocess.Popen(
            ["zsh", "-f", "-i"], stdin=inner, stdout=inner, stderr=inner, start_new_session=True,
            env={**os.environ, "HOME": str(script.parent), "TERM": "dumb"},
        )  # fmt: skip
        os.close(inner)
        self._send(
            f"autoload -Uz compinit && compinit -u -D; source {script}; "
            "setopt NO_LIST_AMBIGUOUS; unsetopt BEEP; PS1=; "
            "show() { print -r -- '<'$BUFFER'>'; BUFFER=; }; zle -N show; bindkey '^X' show; "
            "print READ'Y'\n"
        )
        self._read_until("READY\r\n")

    def complete(self, line: str) -> str:
        """Type a line and the tabulator key; return what the line becomes."""
        self._send(line + "\t\x18")
        return re.findall(r"<(.*?)>", self._read_until(">"))[-1]

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._terminal)

    def _send(self, text: str) -> None:
        os.write(self._terminal, text.encode())

    def _read_until(self, end: str) -> str:
        text, deadline = "", time.monotonic() + 20
        while end not in text:
            assert time.monotonic() < deadline, text
            if select.select([self._terminal], [], [], 1)[0]:
                text += os.read(self._terminal, 4096).decode("utf-8", "replace")
        return text


@pytest.mark.parametrize(
    ("words", "offered", "takes_files"),
    [
        (("pre",), ["predict"], False),
        (("predict", "--re"), ["--report"], True),
        (("predict", "--model", ""), ALIGNERS, True),
        (("predict", "--model", "=", "asmnet-68-i"), ["asmnet-68-int8"], True),
        (("predict", "--model", "="), ALIGNERS, True),
        (("predict", "--model", "./my"), [], True),
        (("predict", "--model", ALIGNERS[0], ""), [], True),
        (("predict", "--detector", ""), DETECTORS, False),
        (("predict", "--box", "1", "2", "3", ""), [], False),
        (("predict", "--box", "1", "2", "3", "4", ""), [], True),
        (("predict", "--passes", ""), ["auto", "1", "2"], False),
        (("predict", "--offline", "ph"), [], True),
        (("benchmark", "a.jpg", "--models", ALIGNERS[0], ""), ALIGNERS, False),
        (("evaluate", "--boxes", "t"), ["truth"], False),
        (("download", ""), MODELS, False),
        (("doctor", ""), [], False),
        (("completion", ""), ["bash", "fish", "zsh"], False),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_bash_completes(script, words, offered, takes_files):
    found, may_be_file = complete_in_bash(script("bash"), "asmnet", *words)
    assert (sorted(found), may_be_file) == (sorted(offered), takes_files)


def test_bash_offers_every_command_and_every_option(script):
    _, parsers = make_parser()
    path = script("bash")
    assert set(COMMANDS) < set(complete_in_bash(path, "asmnet", "")[0])
    for name, parser in parsers.items():
        options = {option for action in parser._actions for option in action.option_strings}
        assert set(complete_in_bash(path, "asmnet", name, "-")[0]) == options


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("pre", ["predict"]),
        ("predict --re", ["--report"]),
        ("predict --model asmnet-", sorted(n for n in ALIGNERS if n.startswith("asmnet-"))),
        ("predict --detector ", DETECTORS),
        ("predict photo", ["photo.jpg"]),
        ("predict --json photo", ["photo.jpg"]),
        ("predict --model photo", ["photo.jpg"]),
        ("doctor photo", []),
        ("download yu", ["yunet"]),
        ("completion ", ["bash", "fish", "zsh"]),
    ],
)
def test_fish_completes(script, monkeypatch, tmp_path, line, offered):
    path = script("fish")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photo.jpg").touch()
    assert complete_in_fish(path, "asmnet", line) == offered


def test_fish_offers_every_command(script):
    assert complete_in_fish(script("fish"), "asmnet", "") == COMMANDS


def test_zsh_completes(script, monkeypatch, tmp_path):
    path = script("zsh")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photo.jpg").touch()
    zsh = Zsh(path)
    try:
        assert zsh.complete("asmnet pre") == "asmnet predict "
        assert zsh.complete("asmnet predict --re") == "asmnet predict --report "
        assert zsh.complete("asmnet predict ph") == "asmnet predict photo.jpg "
        assert zsh.complete("asmnet predict --json ph") == "asmnet predict --json photo.jpg "
        line = "asmnet predict --model asmnet-68-i"
        assert zsh.complete(line) == "asmnet predict --model asmnet-68-int8 "
        assert zsh.complete("asmnet predict --model ph") == "asmnet predict --model photo.jpg "
        line = f"asmnet benchmark photo.jpg --models {ALIGNERS[0]} asmnet-68-f"
        assert zsh.complete(line) == line.replace("68-f", "68-fast") + " "
        assert zsh.complete("asmnet predict --box 1 2 3 ph") == "asmnet predict --box 1 2 3 ph"
        assert zsh.complete("asmnet download yu") == "asmnet download yunet "
        assert zsh.complete("asmnet doctor ph") == "asmnet doctor ph"
    finally:
        zsh.close()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_accepts_the_script(script, shell):
    path = script(shell)
    result = subprocess.run([shell, "-n", path], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")
