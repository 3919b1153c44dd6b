"""Draw every picture of the documentation anew: ``python docs/make_pictures.py``.

Photos come from ``examples/`` and from the samples in the package, a rendered baby from
``docs/pictures/`` (public domain, see the ``CREDITS.md`` of each); everything else is drawn. Run it
when the default weights or the drawing change, and commit ``docs/images/``.
"""

from __future__ import annotations

from pathlib import Path

from pictures.angles import draw_angles
from pictures.diagrams import draw_asm_loss, draw_network, draw_paper_network, draw_soft_argmax
from pictures.hero import draw_hero
from pictures.peers import draw_peers
from pictures.photos import draw_box, draw_error_radius, draw_paste_back, draw_portraits, draw_warps
from pictures.points import draw_points
from pictures.scaling import draw_scaling

IMAGES = Path(__file__).resolve().parent / "images"
PHOTOS = (draw_hero, draw_portraits, draw_box, draw_error_radius, draw_warps, draw_paste_back)
DRAWINGS = (
    draw_points,
    draw_angles,
    draw_network,
    draw_paper_network,
    draw_soft_argmax,
    draw_asm_loss,
    draw_peers,
    draw_scaling,
)


def main() -> None:
    """Draw them all."""
    IMAGES.mkdir(exist_ok=True)
    for draw in (*PHOTOS, *DRAWINGS):
        draw(IMAGES)


if __name__ == "__main__":
    main()
