"""Children of a process that has an aligner: they predict, and they end by themselves."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys

import pytest

from tests.conftest import EXAMPLES
from tests.example_boxes import ASTRONAUT_BOX

PHOTO = str(EXAMPLES / "astronaut.jpg")

PARENT = f"""
import multiprocessing, os, sys, time
from asmnet_sdk import FaceAligner

def predict():
    return aligner.predict({PHOTO!r}, {ASTRONAUT_BOX})[0].landmarks

def detect():
    return aligner.predict({PHOTO!r})[0].landmarks

def compare(do, expected):
    sys.exit(0 if (do() == expected).all() else 1)

aligner = FaceAligner(device="cpu", threads=2)
before = predict()
detected = detect()
"""
CHILDREN = {
    "never touches the aligner": "pass",
    "predicts": "assert (predict() == before).all()",
    "detects and predicts": "assert (detect() == detected).all()",
    "closes the aligner": "aligner.close()",
    "forks again": """
    inner = os.fork()
    assert (predict() == before).all()
    if inner:
        assert os.waitpid(inner, 0)[1] == 0
""",
}
FORK = """
child = os.fork()
if child == 0:
    {do}
    sys.exit()  # as any program ends: handlers of atexit, destructors
started = time.monotonic()
while time.monotonic() < started + 30:
    ended, status = os.waitpid(child, os.WNOHANG)
    if ended:
        sys.exit(os.waitstatus_to_exitcode(status))
    time.sleep(0.02)
os.kill(child, 9)
sys.exit("the child hangs")
"""
MULTIPROCESSING = """
with multiprocessing.get_context("fork").Pool(2) as pool:
    assert all((landmarks == before).all() for landmarks in pool.starmap(predict, [()] * 4))
process = multiprocessing.get_context("fork").Process(target=compare, args=(detect, detected))
process.start()
process.join(30)
sys.exit(process.exitcode)
"""

UNDER_LOAD = """
import threading

def keep_on():
    while is_wanted:
        detect()

is_wanted = True
threads = [threading.Thread(target=keep_on) for _ in range(2)]
for thread in threads:
    thread.start()
for pause in (0, 0.01, 0.03, 0.05):
    time.sleep(pause)
    child = multiprocessing.get_context("fork").Process(target=compare, args=(detect, detected))
    child.start()
    child.join(30)
    assert child.exitcode == 0
    aligner = FaceAligner(device="cpu", threads=2)  # the threads load it while the next one forks
is_wanted = False
for thread in threads:
    thread.join()
"""

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")


def run(code: str) -> None:
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert result.returncode == 0, result.stderr


@needs_fork
@pytest.mark.parametrize("child", CHILDREN)
def test_forked_child_ends_by_itself(child):
    run(PARENT + FORK.format(do=CHILDREN[child]))


@needs_fork
def test_multiprocessing_forks():
    run(PARENT + MULTIPROCESSING)


@needs_fork
def test_children_forked_while_threads_load_and_predict_do_so_too():
    run(PARENT + UNDER_LOAD)


def end_at_once(_: object) -> None:
    pass


def test_spawned_child_that_never_predicts_ends(aligner):
    process = multiprocessing.get_context("spawn").Process(target=end_at_once, args=(aligner,))
    process.start()
    process.join(60)
    assert process.exitcode == 0
