"""Real servers with two worker processes on 127.0.0.1: they answer, and they end."""

from __future__ import annotations

import importlib.util
import json
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from tests.conftest import EXAMPLES, REPOSITORY
from tests.example_boxes import ASTRONAUT_BOX

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals end servers on POSIX only")

SERVERS = {
    "gunicorn": ["gunicorn", "--workers=2", "--bind=127.0.0.1:{port}", "tests.service:wsgi"],
    "gunicorn --preload": [
        *("gunicorn", "--preload", "--workers=2", "--bind=127.0.0.1:{port}", "tests.service:wsgi")
    ],
    "uvicorn": ["uvicorn", "--workers=2", "--port={port}", "tests.service:asgi"],
}


@contextmanager
def serving(command: list[str]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run a server; yield its process and its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    arguments = [word.format(port=port) for word in command]
    process = subprocess.Popen(
        [sys.executable, "-m", *arguments],
        cwd=REPOSITORY,
        stderr=subprocess.STDOUT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process, f"http://127.0.0.1:{port}/"
    finally:
        process.kill()
        process.communicate()


def wait_for(address: str, *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    port = int(address.rstrip("/").rpartition(":")[2])
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError("the server does not listen")


def ask(address: str) -> dict:
    with urllib.request.urlopen(address, timeout=60) as response:
        return json.loads(response.read())


@pytest.mark.parametrize("server", SERVERS)
def test_both_workers_answer_and_end(server, aligner):
    if importlib.util.find_spec(SERVERS[server][0]) is None:
        pytest.skip(f"{SERVERS[server][0]} is not installed")
    expected = aligner.predict(EXAMPLES / "astronaut.jpg", ASTRONAUT_BOX)[0].to_dict()
    with serving(SERVERS[server]) as (process, address):
        wait_for(address)
        answers = [ask(address)]
        deadline = time.monotonic() + 60
        while len({a["process"] for a in answers}) < 2 and time.monotonic() < deadline:
            answers.append(ask(address))
        process.send_signal(signal.SIGTERM)
        log, _ = process.communicate(timeout=20)
    assert len({answer["process"] for answer in answers}) == 2, log
    for answer in answers:
        np.testing.assert_allclose(answer["face"]["landmarks"], expected["landmarks"], atol=0.01)
    assert process.returncode in {0, -signal.SIGTERM}, log
    for trouble in ("SIGKILL", "TIMEOUT", "Traceback"):
        assert trouble not in log
