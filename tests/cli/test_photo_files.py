from __future__ import annotations

import os
from pathlib import Path

import pytest

from asmnet_sdk.cli.photo_files import describe_broken, describe_skipped, find_photos, picture_paths
from asmnet_sdk.errors import InvalidInputError, in_brief


@pytest.fixture
def folder(tmp_path):
    names = ("a.jpg", "a.png", "b.HEIC", "c.avif", "d.jfif", "e.JPE", "in/a.jpg", "notes.txt", "f")
    for name in names:
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return tmp_path / "photos"


def test_folder_gives_what_phones_and_cameras_write(folder):
    names = [str(path.relative_to(folder)) for path in find_photos([str(folder)])]
    assert names == ["a.jpg", "a.png", "b.HEIC", "c.avif", "d.jfif", "e.JPE", "in/a.jpg"]


def test_pipe_in_a_folder_is_no_photo(folder):
    os.mkfifo(folder / "z.jpg")
    assert "z.jpg" not in [path.name for path in find_photos([str(folder)])]


@pytest.mark.parametrize("name", ["bro\nken.jpg", "\x1b[31mred.jpg", "a" * 300 + ".jpg", "b.jpg"])
def test_broken_photo_is_named_once_on_one_line(name):
    error = InvalidInputError(f"{in_brief(Path(name))}: JPEG file is cut short")
    text = describe_broken(Path(name), error)
    assert text == str(error)
    assert text.isprintable()
    other = describe_broken(Path(name), InvalidInputError("no such box"))
    assert other == f"{in_brief(name)}: no such box"


def test_what_is_left_out_is_counted(folder):
    left_out = "2 files of the folders left out, by the ending: .txt (1), none (1)"
    assert describe_skipped([str(folder), str(folder)]) == left_out
    assert describe_skipped([str(folder / "a.jpg"), str(folder / "notes.txt")]) == ""
    (folder / "f").unlink()
    assert (
        describe_skipped([str(folder)]) == "1 file of the folders left out, by the ending: .txt (1)"
    )


def test_drawings_do_not_depend_on_siblings(folder, tmp_path):
    target = tmp_path / "drawn"
    photos = find_photos([str(folder)])
    pictures = picture_paths(target, [str(folder)], photos)
    names = [str(path.relative_to(target)) for path in pictures.values()]
    expected = ["a.jpg", "a.png", "b.HEIC.png", "c.avif.png", "d.jfif.png", "e.JPE.png", "in/a.jpg"]
    assert names == expected
    for photo in photos[:6]:
        alone = picture_paths(target, [str(photo)], [photo])
        assert alone[photo] == pictures[photo]


def test_drawing_is_a_file_by_its_ending(folder, tmp_path):
    photo = folder / "a.jpg"
    assert picture_paths(tmp_path / "x.BMP", [str(photo)], [photo]) == {photo: tmp_path / "x.BMP"}
    for name in ("x.gif", "x.xyz"):
        with pytest.raises(InvalidInputError, match=r"drawings end in one of \.png, \.jpg"):
            picture_paths(tmp_path / name, [str(photo)], [photo])
    (tmp_path / "x.xyz").mkdir()
    for there in (tmp_path / "x.xyz", tmp_path / "run.2", tmp_path / ".drawn"):
        assert picture_paths(there, [str(photo)], [photo]) == {photo: there / "a.jpg"}


@pytest.mark.parametrize("begin", ["http://", "HTTPS://", "file:///", "data:image/png;base64,"])
def test_address_is_refused_saying_what_to_do(begin):
    with pytest.raises(
        InvalidInputError, match=r"is an address; save its photo as a file"
    ) as caught:
        find_photos([begin + "x" * 250])
    assert "x" * 201 not in str(caught.value)


def test_long_input_is_not_repeated():
    with pytest.raises(InvalidInputError) as caught:
        find_photos(["x" * 250])
    assert "x" * 201 not in str(caught.value)
