"""A demo page: give a photo, see its faces.

Usage: pip install gradio; python demo.py        then open http://127.0.0.1:7860
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk import Face, FaceAligner, draw_faces, sample_photo

if TYPE_CHECKING:
    import gradio

LAYERS = {
    "points": "Points",
    "contours": "Lines",
    "boxes": "Box and number",
    "head_pose": "Head pose",
}
COLUMNS = ["face", "yaw", "pitch", "roll", "right eye", "left eye", "mouth", "score"]
PHOTOS = [sample_photo("group"), sample_photo("portrait")]

aligner = FaceAligner()


def show_faces(
    photo: NDArray[np.uint8] | None, layers: Collection[str]
) -> tuple[NDArray[np.uint8] | None, list[list[float]]]:
    """Return the RGB photo with its faces drawn in, and a row of figures for each face."""
    if photo is None:
        return None, []
    faces = aligner.predict(photo, color="rgb")
    wanted = {layer: layer in layers for layer in LAYERS}
    # The number of a row stands at the box of its face.
    numbered = [replace(face, track_id=number) for number, face in enumerate(faces)]
    rows = [[face.track_id, *np.round(figures_of(face), 2).tolist()] for face in numbered]
    return draw_faces(photo, numbered, color="rgb", **wanted), rows


def figures_of(face: Face) -> tuple[float, ...]:
    """Return what the table shows of a face, in the order of ``COLUMNS``, but its number."""
    pose = face.head_pose
    measured = (*face.eye_openness, face.mouth_openness, face.score or 0.0)
    return (pose.yaw, pose.pitch, pose.roll, *measured)


def build_page() -> gradio.Blocks:
    """Lay the page out; whatever is changed on it, the photo is drawn anew."""
    import gradio

    with gradio.Blocks(title="asmnet-sdk", analytics_enabled=False) as page:
        gradio.Markdown(
            "## Landmarks and head pose\nAngles in degrees; openness as height / width. "
            "Face 2 of the table is marked #2 at its box."
        )
        with gradio.Row():
            photo = gradio.Image(label="Photo", type="numpy")
            drawn = gradio.Image(label="Faces", interactive=False)
        choices = [(label, layer) for layer, label in LAYERS.items()]
        layers = gradio.CheckboxGroup(choices, value=list(LAYERS), label="Draw")
        figures = gradio.Dataframe(headers=COLUMNS, label="Figures", interactive=False)
        gradio.Examples([[str(path)] for path in PHOTOS], inputs=[photo])
        for changed in (photo, layers):
            changed.change(show_faces, [photo, layers], [drawn, figures], api_name=False)
    return page


if __name__ == "__main__":
    build_page().launch()
