"""One self-contained HTML page of the worst cases of one model, or of two side by side."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from html import escape

from asmnet_sdk.cli.evaluation_tables import Table
from asmnet_sdk.cli.report_page import begin_page, column_header, counted, end_page, named, picture
from asmnet_sdk.cli.report_pictures import Limits, face_picture, photo_picture
from asmnet_sdk.datasets.annotated import AnnotatedFace
from asmnet_sdk.evaluation.comparing import with_most_at_stake
from asmnet_sdk.evaluation.results import FaceResult
from asmnet_sdk.images.loading import load_image
from asmnet_sdk.layouts import Layout, layout_of_size
from asmnet_sdk.results import BoundingBox, Face, HeadPose

__all__ = ["evaluation_page"]

CASES = 60
"""How many faces a page shows: about 50 KiB each."""

_PICTURE = Limits(longest_side=288, largest_bytes=24_576)


def evaluation_page(
    models: Sequence[str], results: Sequence[Sequence[FaceResult]], figures: Table
) -> Iterator[str]:
    """Yield the parts of the page.

    Args:
        models: The names of one or two models.
        results: What ``evaluate`` gave for each, on the same faces.
        figures: Of all faces and of kinds of them, as the terminal shows them.
    """
    chosen = _worst(results[0]) if len(results) == 1 else with_most_at_stake(*results, count=CASES)
    title = f"{' against '.join(models)}: {counted(len(chosen), 'case')}"
    yield begin_page(title)
    yield f"<header>\n<h1>{escape(title)}</h1>\n"
    yield f"<p>Of {counted(len(results[0]), 'annotated face')}. {_CHOICE[len(results)]}</p>\n"
    yield (
        '<p class="note">NME: mean error of the points in % of the distance of the outer eye '
        "corners. Pictures show the annotated points, then those predicted.</p>\n</header>\n"
    )
    yield _summary(figures, models)
    yield '<table role="table" class="cases large">\n<thead role="rowgroup"><tr role="row">'
    yield column_header("photo")
    yield from (
        f'<th role="columnheader" class="picture">{escape(n)}</th>' for n in ("labels", *models)
    )
    yield from (column_header(title) for title in _titles(models))
    yield '</tr></thead>\n<tbody role="rowgroup">\n'
    yield from (_row([result[index] for result in results], models) for index in chosen)
    yield f"</tbody>\n</table>\n{end_page()}"


def _summary(figures: Table, models: Sequence[str]) -> str:
    """Return the figures as a table that opens."""
    letters = [f"{letter}: {escape(name)}" for letter, name in zip("AB", models, strict=False)]
    lines = [*([", ".join(letters)] if len(models) > 1 else []), *figures.notes]
    notes = "".join(f'<p class="note">{line}</p>' for line in lines)
    head = "".join(f"<th>{escape(title)}</th>" for title in figures.header)
    rows = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>\n" for row in figures.rows
    )
    return (
        "<details open>\n<summary>Figures</summary>\n"
        f'<div class="scroll"><table class="figures"><thead><tr>{head}</tr></thead>\n'
        f"<tbody>{rows}</tbody></table></div>\n"
        f"{notes}\n</details>\n"
    )


_CHOICE = {
    1: "Shown are those with the largest errors.",
    2: "Shown are those where the second model loses most, where it wins most, and where both err "
    "most.",
}


def _worst(results: Sequence[FaceResult]) -> list[int]:
    order = sorted(range(len(results)), key=lambda index: -results[index].nme_percent)
    return order[:CASES]


def _titles(models: Sequence[str]) -> list[str]:
    titles = [f"NME of {name}" for name in models]
    return titles if len(models) == 1 else [*titles, "second − first"]


def _row(results: Sequence[FaceResult], models: Sequence[str]) -> str:
    annotated = results[0].annotated
    image = load_image(annotated.photo)
    labels = _labels_as_face(annotated, results)
    shown = [labels, *(result.face for result in results)]
    pictures = [
        picture(
            photo_picture(image)
            if face is None
            else face_picture(image, _framed(face, labels), _PICTURE),
            "face with landmarks",
        )
        for face in shown
    ]
    errors = [result.nme_percent for result in results]
    figures = errors if len(errors) == 1 else [*errors, errors[1] - errors[0]]
    cells = [
        f'<td role="cell" class="photo" data-value="{escape(str(annotated.photo))}">'
        f"{named(annotated.photo)}</td>",
        *map(_picture_cell, ("labels", *models), pictures),
        *map(_figure, _titles(models), figures, _FORMS),
    ]
    return f'<tr role="row">{"".join(cells)}</tr>\n'


def _picture_cell(title: str, shown: str) -> str:
    return f'<td role="cell" class="picture" data-label="{escape(title)}">{shown}</td>'


_FORMS = ("{:.2f} %", "{:.2f} %", "{:+.2f}")  # of two errors and their difference


def _figure(title: str, value: float, form: str) -> str:
    is_number = math.isfinite(value)
    return (
        f'<td role="cell" class="figure" data-label="{escape(title)}" '
        f'data-value="{f"{value:.6g}" if is_number else ""}">'
        f"{form.format(value) if is_number else 'not found'}</td>"
    )


def _labels_as_face(annotated: AnnotatedFace, results: Sequence[FaceResult]) -> Face:
    layouts = [result.face.layout for result in results if result.face is not None]
    return Face(
        landmarks=annotated.landmarks,
        landmark_visible=annotated.landmark_visible,
        layout=_layout_of(annotated, layouts),
        head_pose=annotated.head_pose or HeadPose(0, 0, 0),
        box=BoundingBox.around(annotated.landmarks),
    )


def _layout_of(annotated: AnnotatedFace, layouts: Sequence[Layout]) -> Layout:
    layout = layout_of_size(len(annotated.landmarks), layouts)
    assert layout is not None  # else it could not be judged
    return layout


def _framed(face: Face, labels: Face) -> Face:
    """Return a face to be shown in the same frame as the labels."""
    return replace(face, box=labels.box, landmark_sigma=None)
