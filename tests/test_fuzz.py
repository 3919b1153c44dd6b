"""A short fuzz run, the same each time; ``python -m tests.fuzz`` is the long one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from asmnet_sdk import AsmnetError
from asmnet_sdk.images.loading import MAX_IMAGE_PIXELS, load_image
from tests import fuzz_toys
from tests.fuzz.pictures import corpus_paths
from tests.fuzz.running import Patience, run_target
from tests.fuzz.targets import CASES, TARGETS
from tests.fuzz.watching import Tally, Target, random_of, watch
from tests.runtime_faults import CRASHES_ON_DAMAGED_MODELS

SHORT = 300
needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="memory is measured on Linux only")


def run_here(target: Target, name: str, folder: Path, count: int) -> Tally:
    tally = Tally()
    case_of = target(folder)
    for index in range(count):
        watch(case_of(random_of(name, 1, index)), index, tally)
    return tally


@pytest.mark.parametrize("name", [name for name in TARGETS if CASES[name] >= SHORT])
def test_nothing_but_results_and_errors_of_the_package(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if name == "configuration":
        pytest.importorskip("torch", reason="the extra [train] is not installed")
    if name == "model-files" and CRASHES_ON_DAMAGED_MODELS:
        pytest.skip("this onnxruntime crashes on damaged models")
    tally = run_here(TARGETS[name], name, tmp_path, SHORT)
    assert tally.findings == []
    assert tally.cases == SHORT
    assert tally.results > 0


def test_whole_run_has_the_cases_that_are_promised():
    assert CASES.keys() == TARGETS.keys()
    assert sum(CASES.values()) >= 200_000


@pytest.mark.parametrize("path", corpus_paths(), ids=lambda path: path.name)
def test_files_that_once_broke_something_are_refused_or_load(path: Path):
    try:
        picture = load_image(path)
    except AsmnetError:
        return
    assert picture.shape[0] * picture.shape[1] <= MAX_IMAGE_PIXELS


@pytest.mark.parametrize(
    ("name", "sign"),
    [
        ("raises", "KeyError at fuzz_toys.py"),
        ("warns", "RuntimeWarning"),
        ("asserts", "AssertionError"),
        ("hides", "no"),
        ("slow", "took 2."),
        pytest.param("large", "MiB, 64 MiB allowed", marks=needs_linux),
    ],
)
def test_run_finds(name, sign, tmp_path):
    tally = run_here(fuzz_toys.TARGETS[name], name, tmp_path, 1)
    [finding] = tally.findings
    assert finding.startswith("case 0: ")
    assert sign in finding


def test_results_and_refusals_are_no_findings(tmp_path):
    tally = run_here(fuzz_toys.TARGETS["good"], "good", tmp_path, 2)
    assert (tally.cases, tally.results, tally.findings) == (2, 1, [])


@needs_linux
def test_run_goes_on_after_a_crash():
    tally = run_target("crashes", 0, 2, module="tests.fuzz_toys")
    assert tally.cases == 2
    assert tally.findings == ["case 1: ended the process, exit code -11"]


@needs_linux
@pytest.mark.parametrize("name", ["hangs", "sleeps"])
def test_run_goes_on_after_a_hang(name):
    patience = Patience(case_seconds=3, asleep_seconds=3)
    tally = run_target(name, 0, 2, module="tests.fuzz_toys", patience=patience)
    assert tally.findings == ["case 1: ended the process, exit code -9"]


@needs_linux
def test_waiting_for_a_busy_machine_is_no_finding():
    patience = Patience(start_seconds=60, case_seconds=3, asleep_seconds=3)
    tally = run_target("starved", 0, 1, module="tests.fuzz_toys", patience=patience)
    assert (tally.cases, tally.results, tally.findings) == (1, 1, [])


@needs_linux
def test_target_that_does_not_start_is_a_finding():
    tally = run_target("never ready", 0, 2, module="tests.fuzz_toys")
    assert (tally.cases, tally.findings) == (0, ["did not start, exit code 1"])


@needs_linux
def test_memory_without_end_is_refused():
    [finding] = run_target("giant", 0, 1, module="tests.fuzz_toys").findings
    assert "MemoryError" in finding
