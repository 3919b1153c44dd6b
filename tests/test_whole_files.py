"""A disk that is full, or a file that may not be written: never half a file, always an error.

The full disk is a limit of the system to the size of files.
"""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from asmnet_sdk import sample_photo
from asmnet_sdk.cli import main
from asmnet_sdk.datasets import AnnotatedFace, write_pts
from asmnet_sdk.labelling import FORMATS, kept_copy, write_labels
from asmnet_sdk.layouts import IBUG_68, WFLW_98
from asmnet_sdk.whole_files import growing_file, whole_file, write_bytes, write_text

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux's limits and devices")


@contextmanager
def full_disk(*, after: int = 400) -> Iterator[None]:
    """Let no file grow beyond some bytes; the error is EFBIG instead of ENOSPC."""
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (after, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


def names_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_file_appears_whole(tmp_path):
    path = tmp_path / "a.txt"
    with whole_file(path) as part:
        part.write_text("new")
        assert not path.exists()
    assert path.read_text() == "new"
    assert names_in(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("there", [None, b"old"])
def test_full_disk_leaves_what_was_there_and_names_the_file(tmp_path, there):
    path = tmp_path / "a.bin"
    if there is not None:
        path.write_bytes(there)
    with full_disk(), pytest.raises(OSError, match="File too large") as caught:
        write_bytes(path, bytes(10_000))
    assert caught.value.filename == str(path)
    assert (path.read_bytes() if path.exists() else None) == there
    assert names_in(tmp_path) == ([] if there is None else ["a.bin"])


def test_rights_and_links_stay(tmp_path):
    path, link = tmp_path / "a.txt", tmp_path / "link.txt"
    path.write_text("old")
    path.chmod(0o640)
    link.symlink_to(path)
    write_text(link, "new")
    assert link.is_symlink()
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o640


def test_devices_and_pipes_are_written_in_place():
    write_text(Path(os.devnull), "gone")
    assert not Path(os.devnull).is_file()
    with pytest.raises(OSError, match="No space") as caught:
        write_text(Path("/dev/full"), "text")
    assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, "/dev/full")


def test_output_of_a_program_may_be_named(tmp_path):
    program = "from asmnet_sdk.whole_files import *; from pathlib import Path; "
    program += "write_text(Path('/dev/stdout'), 'text')"
    piped = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, check=True)
    assert piped.stdout == b"text"
    with (tmp_path / "a.txt").open("wb") as file:
        subprocess.run([sys.executable, "-c", program], stdout=file, check=True)
    assert (tmp_path / "a.txt").read_text() == "text"


def test_bytes_that_are_no_text_become_escapes(tmp_path):
    write_text(tmp_path / "a.txt", "\udcff")
    assert (tmp_path / "a.txt").read_text() == "\\udcff"


def test_growing_file_keeps_whole_lines(tmp_path):
    path = tmp_path / "a.csv"
    with full_disk(after=25), pytest.raises(OSError, match="too large"), growing_file(path) as file:
        file.write("0123456789\n" * 5)
    assert path.read_text() == "0123456789\n" * 2


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (["--json"], "a.json"),
        (["--csv"], "a.csv"),
        (["--report"], "a.html"),
        (["--draw"], "a.jpg"),
    ],
)
def test_predict_writes_no_half_files(arguments, name, tmp_path, capsys):
    target = tmp_path / name
    with full_disk():
        assert main(["predict", str(sample_photo()), *arguments, str(target)]) == 1
    assert f"error: {target}: File too large" in capsys.readouterr().err
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("after", [1_000, 60_000])
@pytest.mark.parametrize("name", ["v.mp4", "v.mkv", "v.avi"])
def test_video_with_missing_frames_is_an_error(name, after, clip, tmp_path, capfd):
    target = tmp_path / name
    with full_disk(after=after):
        assert main(["video", str(clip), "--max-frames", "20", "--out", str(target)]) == 1
    error = f"{target}: not all of its 20 frames could be written: is the disk full?"
    assert error in capfd.readouterr().err
    assert not target.exists()


@pytest.mark.parametrize(("option", "name"), [("--csv", "v.csv"), ("--json-lines", "v.jsonl")])
def test_rows_of_a_video_are_whole(option, name, clip, tmp_path, capsys):
    target = tmp_path / name
    with full_disk(after=20_000):
        assert main(["video", str(clip), option, str(target)]) == 1
    assert f"error: {target}: File too large" in capsys.readouterr().err
    text = target.read_text()
    assert text.endswith("\n")
    assert 3000 < len(text) <= 20_000


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    assert main(["sample", str(folder)]) == 0
    return next(folder.glob("*.avi"))


def test_sample_writes_no_half_files(tmp_path, capsys):
    with full_disk():
        assert main(["sample", str(tmp_path)]) == 1
    assert "group.jpg: File too large" in capsys.readouterr().err
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("kind", FORMATS)
def test_labels_stay_as_they_were(kind, tmp_path):
    layout = WFLW_98 if kind == "wflw" else IBUG_68
    points = np.arange(2.0 * layout.point_count).reshape(-1, 2)
    faces = [AnnotatedFace(photo=sample_photo(), subset="a", landmarks=points)]
    suffix = {"wflw": ".txt", "coco": ".json", "cvat": ".xml"}.get(kind)
    out = tmp_path if suffix is None else tmp_path / f"labels{suffix}"
    files = write_labels(faces, kind, out, layout)
    before = [path.read_bytes() for path in files]
    with full_disk(), pytest.raises(OSError, match="too large"):
        write_labels(faces, kind, out, layout)
    assert [path.read_bytes() for path in files] == before
    assert names_in(tmp_path) == sorted(path.name for path in files)


def test_copy_of_labels_is_whole(tmp_path):
    face = AnnotatedFace(photo=sample_photo(), subset="a", landmarks=np.zeros((68, 2)))
    [file] = write_pts([face], tmp_path)
    with full_disk(), pytest.raises(OSError, match="too large"):
        kept_copy(file)
    assert names_in(tmp_path) == [file.name]


def test_checkpoint_stays_as_it_was(tmp_path):
    torch = pytest.importorskip("torch", reason="the extra [train] is not installed")
    from asmnet_sdk.training.torch_files import save_state

    path = tmp_path / "checkpoint.pt"
    save_state({"epoch": 1}, path)
    with full_disk(), pytest.raises(OSError, match="too large") as caught:
        save_state({"weights": torch.zeros(1000)}, path)
    assert caught.value.filename == str(path)
    assert torch.load(path, weights_only=True) == {"epoch": 1}


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write all")
def test_file_in_a_folder_of_others_is_written_in_place(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    tmp_path.chmod(0o500)
    write_text(path, "new")
    assert path.read_text() == "new"
