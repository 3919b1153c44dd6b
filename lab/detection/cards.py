"""The detector's model card: a README with the Hub's YAML header, all figures measured."""

from __future__ import annotations

from pathlib import Path

from asmnet_sdk.detection.contract import DetectorMetadata
from lab.detection.measuring import DetectorFigures
from lab.hub_files import hub_header

__all__ = ["detector_card"]


def detector_card(
    metadata: DetectorMetadata,
    figures: DetectorFigures,
    *,
    model: Path,
    sha256: str,
    measured: str,
) -> str:
    """Return the text of a card.

    Args:
        metadata: What the model file says of itself.
        figures: What was measured.
        model: The model file.
        sha256: Its hash.
        measured: Date, protocol and hardware of the measurement, one sentence.
    """
    return f"""\
{hub_header(task="object-detection", tags=("face-detection", "asmnet"))}
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
`scores` float32 (M,); overlapping boxes are not removed yet |
| score threshold | {metadata.score_threshold} |
| smallest face | about {metadata.smallest_face:g} px of the input |
| file | {model.stat().st_size / 1e6:.2f} MB, SHA-256 `{sha256}` |
| training data | {metadata.training_data} |
| licence | {metadata.licence} |

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
## Limits

- Trained on about 6,300 photos, few of them with faces in profile, turned by more than 45 degrees,
  masked or half out of the picture: expect such faces to be missed more often. Badges, hands and
  parts of faces at the edge of a photo are now and then taken for faces.
- Not measured: WIDER FACE, video, any group of people apart from others.
- The score foretells how well the box will fit; it is no probability that there is a face.
- Not made for identification, nor for counting people in surveillance.
"""


def _spurious_row(figures: DetectorFigures) -> str:
    if figures.spurious is None:
        return ""
    return (
        "| boxes a photo beyond the annotated face and those that YuNet finds | "
        f"{figures.spurious:.3f} |\n"
    )
