"""One self-contained HTML page on the faces of many photos."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from asmnet_sdk.cli.report_figures import FIGURES, LEGEND
from asmnet_sdk.cli.report_page import (
    begin_page,
    column_header,
    counted,
    end_page,
    named,
    picture,
    write_whole,
)
from asmnet_sdk.cli.thumbnails import LARGEST_BYTES, LONGEST_SIDE
from asmnet_sdk.results import Face

__all__ = ["Report"]

_LIMIT = f"Thumbnails: at most {LONGEST_SIDE} px and {LARGEST_BYTES // 1024} KiB each."


@dataclass(frozen=True, slots=True, kw_only=True)
class _FaceRow:
    photo: Path
    index: int
    count: int
    thumbnail: bytes
    face: Face


@dataclass(slots=True)
class Report:
    """Collects faces, photos without a face and photos that failed; then writes the page.

    It keeps thumbnails, never photos: at most ``thumbnails.LARGEST_BYTES`` a face.

    Attributes:
        model: Name of the model, for the head of the page.
        photo_count: How many photos there are to do.
    """

    model: str
    photo_count: int
    _rows: list[_FaceRow] = field(default_factory=list, init=False)
    _empty: list[tuple[Path, bytes]] = field(default_factory=list, init=False)
    _failures: list[tuple[Path, str]] = field(default_factory=list, init=False)
    _done: int = field(default=0, init=False)

    def add(self, photo: Path, faces: Sequence[Face], thumbnails: Sequence[bytes]) -> None:
        """Take the faces of a photo.

        Args:
            photo: Its path, to be shown.
            faces: The faces in it; there may be none.
            thumbnails: Of each face, or one of the whole photo, as ``thumbnails_of`` gives them.
        """
        self._done += 1
        if not faces:
            self._empty.append((photo, thumbnails[0]))
            return
        self._rows += [
            _FaceRow(photo=photo, index=i, count=len(faces), thumbnail=thumbnail, face=face)
            for i, (thumbnail, face) in enumerate(zip(thumbnails, faces, strict=True))
        ]

    def add_failure(self, photo: Path, reason: str) -> None:
        """Take a photo that could not be used, and why."""
        self._done += 1
        self._failures.append((photo, reason.removeprefix(f"{photo}: ")))

    def write(self, path: Path) -> None:
        """Write the page: the whole of it, or nothing.

        Raises:
            OSError: The file cannot be written.
        """
        write_whole(path, self._page())

    def _page(self) -> Iterator[str]:
        yield begin_page(self._summary())
        yield from self._head()
        if self._rows:
            yield from self._table()
        if self._empty:
            yield from self._empty_section()
        if self._failures:
            yield from self._failure_section()
        yield end_page()

    def _summary(self) -> str:
        return f"{counted(len(self._rows), 'face')} in {counted(self._done, 'photo')}"

    def _head(self) -> Iterator[str]:
        parts = []
        if self._empty:
            parts.append(
                f'<a href="#empty">{counted(len(self._empty), "photo")} without a face</a>'
            )
        if self._failures:
            parts.append(f'<a href="#failed">{counted(len(self._failures), "photo")} failed</a>')
        yield f"<header>\n<h1>{escape(self._summary())}</h1>\n"
        if self._done < self.photo_count:
            left = self.photo_count - self._done
            yield f'<p class="warning">Stopped early: {counted(left, "photo")} not looked at.</p>\n'
        if parts:
            yield f"<p>{' · '.join(parts)}</p>\n"
        yield f'<p class="note">Model {escape(self.model)}. {_LIMIT}</p>\n'
        yield "<details>\n<summary>What the columns mean</summary>\n<dl>\n"
        yield from (f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>\n" for k, v in LEGEND.items())
        yield "</dl>\n</details>\n</header>\n"

    def _table(self) -> Iterator[str]:
        yield '<table role="table">\n<thead role="rowgroup"><tr role="row">'
        yield column_header("photo") + '<th role="columnheader" class="picture">face</th>'
        yield from (column_header(title) for title in FIGURES)
        yield '</tr></thead>\n<tbody role="rowgroup">\n'
        yield from (_row(row) for row in self._rows)
        yield "</tbody>\n</table>\n"

    def _empty_section(self) -> Iterator[str]:
        yield '<section id="empty">\n<h2>No face found</h2>\n<ul class="photos">\n'
        for photo, thumbnail in self._empty:
            yield f"<li>{picture(thumbnail, 'the photo')}{named(photo)}</li>\n"
        yield "</ul>\n</section>\n"

    def _failure_section(self) -> Iterator[str]:
        yield '<section id="failed">\n<h2>Failed</h2>\n<ul class="failures">\n'
        for photo, reason in self._failures:
            yield f'<li>{named(photo)}<span class="reason">{escape(reason)}</span></li>\n'
        yield "</ul>\n</section>\n"


def _row(row: _FaceRow) -> str:
    which = ""
    if row.count > 1:
        which = f'<span class="which">face {row.index + 1} of {row.count}</span>'
    cells = [
        f'<td role="cell" class="photo" data-value="{escape(str(row.photo))}">'
        f"{named(row.photo)}{which}</td>",
        f'<td role="cell" class="picture">{picture(row.thumbnail, "face with landmarks")}</td>',
    ]
    for title, figure in FIGURES.items():
        shown, value = figure(row.face)
        key = "" if value is None else f"{value:.6g}"
        cells.append(
            f'<td role="cell" class="figure" data-label="{escape(title)}" '
            f'data-value="{key}">{escape(shown)}</td>'
        )
    return f'<tr role="row">{"".join(cells)}</tr>\n'
