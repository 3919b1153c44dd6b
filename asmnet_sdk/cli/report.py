"""One self-contained HTML page on the faces of many photos."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from asmnet_sdk.cli.report_controls import controls, viewer
from asmnet_sdk.cli.report_figures import FIGURES, LEGEND
from asmnet_sdk.cli.report_page import (
    begin_page,
    column_header,
    counted,
    end_page,
    named,
    picture,
)
from asmnet_sdk.cli.report_pictures import Limits, PhotoPictures, photo_limits
from asmnet_sdk.exporting import faces_to_csv
from asmnet_sdk.results import Face
from asmnet_sdk.whole_files import write_text

__all__ = ["Report"]

_SCRIPTS = ("report_faces.js", "report_viewer.js")


@dataclass(frozen=True, slots=True, kw_only=True)
class _PhotoRows:
    """A photo, what is shown of it, and its faces."""

    photo: Path
    pictures: PhotoPictures
    faces: tuple[Face, ...]


@dataclass(slots=True)
class Report:
    """Collects faces, photos without a face and photos that failed; then writes the page.

    It keeps small pictures, never photos: each face at most ``LARGE_FACE.largest_bytes``, each
    photo what ``photo_limits`` allows.

    Attributes:
        model: Name of the model, for the head of the page.
        photo_count: How many photos there are to do.
    """

    model: str
    photo_count: int
    _photos: list[_PhotoRows] = field(default_factory=list, init=False)
    _failures: list[tuple[Path, str]] = field(default_factory=list, init=False)

    @property
    def photo_limits(self) -> Limits:
        """How large the picture of a whole photo may be."""
        return photo_limits(self.photo_count)

    def add(self, photo: Path, faces: Sequence[Face], pictures: PhotoPictures) -> None:
        """Take the faces of a photo.

        Args:
            photo: Its path, to be shown.
            faces: The faces in it; there may be none.
            pictures: What ``pictures_of`` gives for them.
        """
        self._photos.append(_PhotoRows(photo=photo, pictures=pictures, faces=tuple(faces)))

    def add_failure(self, photo: Path, reason: str) -> None:
        """Take a photo that could not be used, and why."""
        self._failures.append((photo, reason.removeprefix(f"{photo}: ")))

    def write(self, path: Path) -> None:
        """Write the page: the whole of it, or nothing.

        Raises:
            OSError: The file cannot be written.
        """
        write_text(path, self._page())

    @property
    def _with_faces(self) -> list[_PhotoRows]:
        return [rows for rows in self._photos if rows.faces]

    @property
    def _without_faces(self) -> list[_PhotoRows]:
        return [rows for rows in self._photos if not rows.faces]

    @property
    def _done(self) -> int:
        return len(self._photos) + len(self._failures)

    def _page(self) -> Iterator[str]:
        yield begin_page(self._summary(), *_SCRIPTS)
        yield from self._head()
        if self._with_faces:
            yield from controls()
            yield from self._table()
        if self._without_faces:
            yield from self._empty_section()
        if self._failures:
            yield from self._failure_section()
        yield viewer()
        yield from self._whole_photos()
        yield end_page(*_SCRIPTS)

    def _summary(self) -> str:
        face_count = sum(len(rows.faces) for rows in self._photos)
        return f"{counted(face_count, 'face')} in {counted(len(self._photos), 'photo')}"

    def _head(self) -> Iterator[str]:
        parts = [self._csv_link()] if self._with_faces else []
        if self._without_faces:
            count = counted(len(self._without_faces), "photo")
            parts.append(f'<a href="#empty">{count} without a face</a>')
        if self._failures:
            parts.append(f'<a href="#failed">{counted(len(self._failures), "photo")} failed</a>')
        yield f"<header>\n<h1>{escape(self._summary())}</h1>\n"
        if self._done < self.photo_count:
            left = self.photo_count - self._done
            yield f'<p class="warning">Stopped early: {counted(left, "photo")} not looked at.</p>\n'
        if parts:
            yield f"<p>{' · '.join(parts)}</p>\n"
        yield f'<p class="note">Model {escape(self.model)}. Click a face to see it large.</p>\n'
        yield "<details>\n<summary>What the columns mean</summary>\n<dl>\n"
        yield from (f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>\n" for k, v in LEGEND.items())
        yield "</dl>\n</details>\n</header>\n"

    def _csv_link(self) -> str:
        """Return a link to all figures and landmarks, which are in the page itself."""
        text = faces_to_csv({str(rows.photo): rows.faces for rows in self._photos})
        data = base64.b64encode(text.encode("utf-8", "backslashreplace")).decode("ascii")
        return (
            f'<a download="faces.csv" href="data:text/csv;charset=utf-8;base64,{data}">'
            "Landmarks and figures as CSV</a>"
        )

    def _table(self) -> Iterator[str]:
        yield '<table role="table" class="cases">\n<thead role="rowgroup"><tr role="row">'
        yield column_header("photo") + '<th role="columnheader" class="picture">face</th>'
        yield from (column_header(title) for title in FIGURES)
        yield '</tr></thead>\n<tbody role="rowgroup">\n'
        for number, rows in enumerate(self._photos):
            yield from (_row(rows, number, index) for index in range(len(rows.faces)))
        yield "</tbody>\n</table>\n"

    def _empty_section(self) -> Iterator[str]:
        yield '<section id="empty">\n<h2>No face found</h2>\n<ul class="photos">\n'
        for rows in self._without_faces:
            yield f"<li>{picture(rows.pictures.whole, 'the photo')}{named(rows.photo)}</li>\n"
        yield "</ul>\n</section>\n"

    def _failure_section(self) -> Iterator[str]:
        yield '<section id="failed">\n<h2>Failed</h2>\n<ul class="failures">\n'
        for photo, reason in self._failures:
            yield f'<li>{named(photo)}<span class="reason">{escape(reason)}</span></li>\n'
        yield "</ul>\n</section>\n"

    def _whole_photos(self) -> Iterator[str]:
        """Yield the photos that have faces; a browser loads one when it is looked at."""
        yield '<template id="photos">\n'
        for number, rows in enumerate(self._photos):
            if rows.faces:
                width, height = rows.pictures.size_wh
                shown = picture(rows.pictures.whole, "the whole photo")
                yield f'<div id="photo-{number}" data-size="{width} {height}">{shown}</div>\n'
        yield "</template>\n"


def _row(rows: _PhotoRows, number: int, index: int) -> str:
    face, count = rows.faces[index], len(rows.faces)
    which = f'<span class="which">face {index + 1} of {count}</span>' if count > 1 else ""
    shown = picture(rows.pictures.faces[index], "face with landmarks")
    cells = [
        f'<td role="cell" class="photo" data-value="{escape(str(rows.photo))}">'
        f"{named(rows.photo)}{which}</td>",
        '<td role="cell" class="picture"><button type="button" class="view" '
        f'aria-label="See this face large">{shown}</button></td>',
        *(_figure_cell(title, *figure(face)) for title, figure in FIGURES.items()),
    ]
    box = " ".join(f"{edge:.1f}" for edge in face.box)
    return f'<tr role="row" data-photo="{number}" data-box="{box}">{"".join(cells)}</tr>\n'


def _figure_cell(title: str, shown: str, value: float | None) -> str:
    key = "" if value is None else f"{value:.6g}"
    return (
        f'<td role="cell" class="figure" data-label="{escape(title)}" '
        f'data-value="{key}">{escape(shown)}</td>'
    )
