"""Silence: nothing is written to the user's folders, and nothing is asked of any network."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import EXAMPLES, REPOSITORY
from tests.no_sockets import CAN_FORBID_SOCKETS

PHOTO = str(EXAMPLES / "astronaut.jpg")
BAN = "from tests.no_sockets import forbid_sockets; forbid_sockets()\n"
# onnxruntime's reporting starts with the first session, and asks for its host seconds later.
PROGRAMS = {
    "aligner": f"""
import time
from asmnet_sdk import FaceAligner, FaceTracker, load_image
aligner = FaceAligner()
assert len(aligner.predict({PHOTO!r})) == 1
assert len(FaceTracker(aligner).update(load_image({PHOTO!r}))) == 1
time.sleep(4)
""",
    "command": f"""
from asmnet_sdk.cli import main
assert main(["predict", {PHOTO!r}]) == 0
""",
    "doctor": """
from asmnet_sdk.cli import main
assert main(["doctor"]) == 0
""",
}


def run_at_new_home(code: str, home: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a program for a user who has nothing yet and has set nothing."""
    hidden = ("XDG_", "HF_", "ASMNET_", "ORT_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**kept, "HOME": str(home), "USERPROFILE": str(home), **variables},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("program", PROGRAMS)
def test_default_models_write_nothing_and_open_no_socket(program, tmp_path):
    ban = BAN if CAN_FORBID_SOCKETS else ""
    result = run_at_new_home(ban + PROGRAMS[program], tmp_path)
    assert result.returncode == 0, result.stderr
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.skipif(not CAN_FORBID_SOCKETS, reason="the ban is written for Linux")
@pytest.mark.parametrize(
    "attempt",
    ["import socket; socket.socket()", "import socket; socket.gethostbyname('asmnet.invalid')"],
    ids=["socket", "name look-up"],
)
def test_the_ban_ends_a_program_that_tries(attempt, tmp_path):
    assert run_at_new_home(BAN + attempt, tmp_path).returncode == -signal.SIGSYS


def test_onnxruntime_finds_its_reporting_switched_off(tmp_path):
    """Whoever imports the package first, in whatever of its parts."""
    code = """
import os, sys
def check(event, arguments):
    if event == "import" and arguments[0] == "onnxruntime":
        assert os.environ.get("ORT_DISABLE_TELEMETRY") == "1"
sys.addaudithook(check)
sys.path.insert(0, "benchmarks")
import budgets
budgets.bare_session("asmnet-68")
assert "onnxruntime" in sys.modules
"""
    result = run_at_new_home(code, tmp_path)
    assert result.returncode == 0, result.stderr


def test_a_users_own_setting_stays(tmp_path):
    code = "import asmnet_sdk, os; print(os.environ['ORT_DISABLE_TELEMETRY'])"
    assert run_at_new_home(code, tmp_path, ORT_DISABLE_TELEMETRY="0").stdout == "0\n"
