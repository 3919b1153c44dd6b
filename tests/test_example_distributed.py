"""examples/dask_folder.py: several processes, each with one aligner of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest

from tests.conftest import EXAMPLES

dask_bag = pytest.importorskip("dask.bag", reason="dask is not installed")


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("a.jpg", "c.jpg", "d.jpg"):
        shutil.copy(EXAMPLES / "astronaut.jpg", folder / name)
    (folder / "b.jpg").write_bytes(b"no picture")
    return folder


def test_dask_folder_writes_a_line_a_photo_in_order(photos, tmp_path):
    subprocess.run(
        [sys.executable, EXAMPLES / "dask_folder.py", photos, tmp_path / "out", "2"],
        check=True,
        timeout=120,
    )
    [file] = (tmp_path / "out").iterdir()
    records = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert [record["photo"] for record in records] == [
        str(photos / name) for name in ("a.jpg", "b.jpg", "c.jpg", "d.jpg")
    ]
    assert "error" in records[1]
    for record in (records[0], records[2], records[3]):
        [face] = record["faces"]
        assert len(face["landmarks"]) == 68
        assert face == records[0]["faces"][0]


def process_and_aligner(photo: str) -> tuple[int, int]:
    from dask_folder import aligner, describe

    describe(photo)
    return os.getpid(), id(aligner())


def test_each_worker_keeps_one_aligner(photos, monkeypatch):
    monkeypatch.syspath_prepend(str(EXAMPLES))
    bag = dask_bag.from_sequence([str(photos / "a.jpg")] * 8, partition_size=1)
    pairs = bag.map(process_and_aligner).compute(scheduler="processes", num_workers=2)
    assert len(pairs) == 8
    assert os.getpid() not in {process for process, _ in pairs}
    assert len(set(pairs)) == len({process for process, _ in pairs}) <= 2
