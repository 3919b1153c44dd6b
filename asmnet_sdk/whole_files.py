"""Files that appear under their names only when they are complete."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

__all__ = ["growing_file", "named_errors", "whole_file", "write_bytes", "write_text"]


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a path beside a file to write to; what lies there at the end takes the file's place.

    After an error, a full disk say, the file is as it was before. What is no plain file (a pipe,
    ``/dev/stdout``), and a file in a folder that this user may not write, is written in place.

    Raises:
        OSError: The file cannot be written; it names the file.
    """
    if _is_written_in_place(path):
        with named_errors(path):
            yield path
        return
    target = path.resolve()
    part = target.with_name(f".{os.getpid()}.{target.name[-100:]}")
    with named_errors(path, hidden=part):
        try:
            yield part
            if target.exists():
                shutil.copymode(target, part)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)


@contextmanager
def growing_file(path: Path) -> Iterator[TextIO]:
    """Open a text that others may read while it grows; also on a full disk its lines are whole.

    Raises:
        OSError: The file cannot be opened or finished; it names the file.
    """
    file = path.open("w", encoding="utf-8", errors="backslashreplace", newline="")
    try:
        yield file
        with named_errors(path):
            file.close()
    except OSError:
        with suppress(OSError):
            file.close()
        _drop_broken_line(path)
        raise
    finally:
        file.close()


@contextmanager
def named_errors(path: Path, *, hidden: Path | None = None) -> Iterator[None]:
    """Let errors of the system say which file they are about: a full disk names none.

    Args:
        path: The file.
        hidden: A file that is written in its place.
    """
    try:
        yield
    except OSError as exc:
        is_named = exc.filename is not None and str(exc.filename) != str(hidden)
        if is_named or exc.errno is None:
            raise
        raise OSError(exc.errno, exc.strerror, str(path)) from exc


def write_bytes(path: Path, data: bytes) -> None:
    """Write the whole of a file, or nothing; as ``whole_file``."""
    with whole_file(path) as part:
        part.write_bytes(data)


def write_text(path: Path, parts: str | Iterable[str]) -> None:
    """Write the whole of a text in UTF-8, or nothing; as ``whole_file``.

    Bytes of a file name that are no text become escapes.
    """
    with (
        whole_file(path) as part,
        part.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as file,
    ):
        file.writelines([parts] if isinstance(parts, str) else parts)


def _is_written_in_place(path: Path) -> bool:
    if not path.exists():
        return False
    return not path.is_file() or not os.access(path.resolve().parent, os.W_OK)


def _drop_broken_line(path: Path) -> None:
    """Cut a file after its last line end."""
    if path.is_file():
        with path.open("rb+") as file:
            file.truncate(file.read().rfind(b"\n") + 1)
