"""The parts of the report that a reader works with: filters, histogram, the view of one face."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from asmnet_sdk.cli.report_figures import FIGURES

__all__ = ["FILTERED", "controls", "viewer"]

FILTERED = ("score", "sigma", "yaw", "pitch", "roll", "box")
"""The figures that faces are filtered by."""

_UNITS = {"score": "0 to 1", "sigma": "%", "box": "longer side, px"}
_FIRST_SHOWN = "yaw"


def controls() -> Iterator[str]:
    """Yield the form with filters and histogram; hidden until its script runs."""
    yield '<form id="controls" hidden>\n<div class="filters" role="group" aria-label="Filters">\n'
    yield (
        '<label class="filter">photo<input type="search" id="name-filter" '
        'placeholder="part of its name"></label>\n'
    )
    yield from map(_range, FILTERED)
    yield '<button type="reset">Show all</button>\n</div>\n'
    yield '<figure class="histogram">\n<figcaption><label>Histogram of '
    yield f'<select id="histogram-figure">{"".join(map(_option, FIGURES))}</select></label>'
    yield '</figcaption>\n<svg id="histogram" role="img" viewBox="0 0 400 130"></svg>\n</figure>\n'
    yield '<p class="count"><output id="count"></output></p>\n</form>\n'


def _range(title: str) -> str:
    unit = _UNITS.get(title, "degrees")
    inputs = " to ".join(
        f'<input type="number" step="any" data-figure="{title}" data-bound="{bound}" '
        f'aria-label="{title}, {word}">'
        for bound, word in (("low", "at least"), ("high", "at most"))
    )
    return (
        f'<fieldset class="filter"><legend>{escape(title)} <small>{escape(unit)}</small></legend>'
        f'<span class="bounds">{inputs}</span></fieldset>\n'
    )


def _option(title: str) -> str:
    chosen = " selected" if title == _FIRST_SHOWN else ""
    return f"<option{chosen}>{escape(title)}</option>"


def viewer() -> str:
    """Return the dialog that shows one face large, and where it is in its photo."""
    return """<dialog id="viewer" aria-labelledby="viewer-title">
<header>
<h2 id="viewer-title"></h2>
<div class="steps">
<button type="button" data-step="-1">← Previous</button>
<output id="viewer-place"></output>
<button type="button" data-step="1" autofocus>Next →</button>
<button type="button" data-close>Close</button>
</div>
</header>
<div class="views"><div class="face"></div><div class="whole"></div></div>
<dl class="figures"></dl>
</dialog>
"""
