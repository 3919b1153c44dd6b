"""``asmnet completion``: scripts that shtab writes, run in the shells they are for."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from asmnet_sdk.cli import main
from asmnet_sdk.cli.program import make_parser
from asmnet_sdk.hub.registry import available_models

ALIGNERS = sorted(spec.name for spec in available_models() if spec.kind == "aligner")
DETECTORS = ["asmnet-detector", "default", "yunet"]
COMMANDS = sorted(make_parser()[1])
SHELLS = ["bash", "fish", "zsh"]

COMPLETED = [
    ("pre", ["predict"]),
    ("predict --re", ["--report"]),
    ("predict --model ", ALIGNERS),
    ("predict --detector ", DETECTORS),
    ("predict --passes ", ["1", "2", "auto"]),
    ("predict photo", ["photo.jpg"]),
    ("predict --json photo", ["photo.jpg"]),
    ("download yu", ["yunet"]),
    ("completion ", SHELLS),
]


@pytest.fixture
def script(tmp_path, capsys, monkeypatch):
    pytest.importorskip("shtab", reason="the extra [completion] is not installed")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photo.jpg").touch()

    def write(shell: str) -> Path:
        if shutil.which(shell) is None:
            pytest.skip(f"no {shell} at hand")
        assert main(["completion", shell]) == 0
        path = tmp_path / f"asmnet.{shell}"
        path.write_text(capsys.readouterr().out, encoding="utf-8")
        return path

    return write


def complete_in_bash(script: Path, line: str) -> list[str]:
    words = ["asmnet", *line.split(" ")]
    code = "\n".join(
        [
            f"source {shlex.quote(str(script))}",
            f"COMP_WORDS=({' '.join(map(shlex.quote, words))})",
            f"COMP_CWORD={len(words) - 1}",
            f"_shtab_asmnet asmnet {shlex.quote(words[-1])} {shlex.quote(words[-2])}",
            'printf "%s\\n" "${COMPREPLY[@]}"',
        ]
    )
    result = subprocess.run(["bash", "-c", code], capture_output=True, text=True, check=True)
    return sorted(result.stdout.split())


def complete_in_fish(script: Path, line: str) -> list[str]:
    code = f"source {script}; complete -C {shlex.quote(f'asmnet {line}')}"
    result = subprocess.run(
        ["fish", "--no-config", "-c", code], capture_output=True, text=True, check=True,
        env={**os.environ, "HOME": str(script.parent), "XDG_CONFIG_HOME": str(script.parent)},
    )  # fmt: skip
    return sorted(line.split("\t")[0] for line in result.stdout.splitlines())


@pytest.mark.parametrize(("line", "offered"), COMPLETED)
def test_bash_completes(script, line, offered):
    assert complete_in_bash(script("bash"), line) == offered


@pytest.mark.parametrize(("line", "offered"), COMPLETED)
def test_fish_completes(script, line, offered):
    assert complete_in_fish(script("fish"), line) == offered


def test_every_command_is_offered(script):
    assert set(COMMANDS) <= set(complete_in_bash(script("bash"), ""))


@pytest.mark.parametrize("shell", SHELLS)
def test_the_shell_accepts_the_script(script, shell):
    path = script(shell)
    result = subprocess.run([shell, "-n", path], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")


def test_missing_shtab_is_one_line_that_names_the_extra():
    code = (
        "import sys; sys.modules['shtab'] = None; from asmnet_sdk.cli import main; "
        "sys.exit(main(['completion', 'bash']))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert result.stderr == (
        "asmnet: error: asmnet completion needs the package shtab: "
        "pip install 'asmnet-sdk[completion]'\n"
    )
