"""The detector's model card: a README with the Hub's YAML header, all figures measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from asmnet_sdk.detection.contract import DetectorMetadata
from lab.detection.measuring import DetectorFigures
from lab.releasing import ReleasedFile, file_rows, hub_header

__all__ = ["detector_card"]


def detector_card(
    metadata: DetectorMetadata,
    figures: DetectorFigures,
    *,
    kinds: Mapping[str, tuple[float, float | None]],
    kinds_faces: int,
    file: ReleasedFile,
    measured: str,
) -> str:
    """Return the text of a card.

    Args:
        metadata: What the model file says of itself.
        figures: What was measured.
        kinds: Kind of damage -> share found in percent by this detector and by YuNet, None where
            that was not measured.
        kinds_faces: How many faces that is of.
        file: The model file.
        measured: Date, protocol and hardware of the measurement, one sentence.
    """
    return f"""\
{_header(figures)}
# {metadata.name}

Finds faces for [asmnet-sdk](https://pypi.org/project/asmnet-sdk/). Its boxes are tight
around the 68 landmarks, eyebrows to chin and ear to ear: crops for landmarks can be cut from them.

```python
from asmnet_sdk import FaceAligner

faces = FaceAligner(detector="asmnet-detector").predict("group.jpg")
```

| | |
|---|---|
| network | depthwise-separable convolutions, strides 8, 16 and 32, one head without anchors |
| parameters | {metadata.figures["parameters"] / 1e6:.3f} M |
| input | `image` uint8 (1, H, W, 3) RGB, H and W multiples of {metadata.stride}; \
the photo shrunk to {metadata.long_side} px on its long side, black at the right and below |
| outputs | `boxes` float32 (M, 4) in pixels of the input, (0, 0) = centre of the top-left pixel; \
`scores` float32 (M,); `rolls` float32 (M,), degrees that the head is turned clockwise; \
overlapping boxes are not removed yet |
| score threshold | {metadata.score_threshold} |
| smallest face | about {metadata.smallest_face:g} px of the input |
{file_rows(metadata, file)}

## Accuracy

{measured}

| | |
|---|---|
| annotated faces found (IoU at least 0.5) | {figures.recall_percent:.2f} % of {figures.faces} |
| mean IoU with the box around the annotated landmarks | {figures.mean_overlap:.3f} |
| landmark error at the boxes found / at annotated boxes | {figures.nme_percent:.2f} % / \
{figures.annotated_nme_percent:.2f} % of the eye distance |
| found in mosaics of 3 x 3 photos | {figures.mosaic_recall_percent:.2f} % |
| found where the face has 24 px of a 320 px picture | {figures.small_recall_percent:.2f} % |
{_spurious_row(figures)}
## Hard cases

Found (IoU at least 0.5) of {kinds_faces} faces of the same set, each damaged by the functions of
`lab/detection/damages.py`; both detectors look once, at their usual input size.

| | {metadata.name} | YuNet, 640 px |
|---|---|---|
{_kind_rows(kinds)}

![What is found of two portraits under each damage]({file.picture})

## Limits

- Small faces need a larger input: below about {metadata.smallest_face:g} px of the input they \
are missed.
- Where no second detector and no annotation agreed, nothing was taught: profiles beyond 60 degrees,
  faces half hidden in crowds and heads seen from above are rarer in training than they are in life.
- Not measured: WIDER FACE, video, any group of people apart from others.
- The score foretells how well the box will fit; it is no probability that there is a face.
- Not made for identification, nor for counting people in surveillance.
"""


def _kind_rows(kinds: Mapping[str, tuple[float, float | None]]) -> str:
    return "\n".join(
        f"| {name} | {found:.1f} % | {'not measured' if other is None else f'{other:.1f} %'} |"
        for name, (found, other) in kinds.items()
    )


def _spurious_row(figures: DetectorFigures) -> str:
    if figures.spurious is None:
        return ""
    return (
        "| boxes a photo beyond the annotated face and those that YuNet finds | "
        f"{figures.spurious:.3f} |\n"
    )


def _header(figures: DetectorFigures) -> str:
    return hub_header(
        name="asmnet-detector",
        task="object-detection",
        tags=("face-detection", "asmnet"),
        figures=asdict(figures),
    )
