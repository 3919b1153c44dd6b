"""The model card: a README with the Hub's YAML header, all figures measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from asmnet_sdk.evaluation.accuracy import SubsetFigures
from asmnet_sdk.landmarks.contract import ModelMetadata
from lab.measuring import Measurements, SigmaFigures
from lab.releasing import ReleasedFile, file_rows, hub_header
from lab.robustness import Robustness

__all__ = ["REFERENCE_MODEL", "model_card"]

REFERENCE_MODEL = "asmnet-68-paper"
"""What run times are compared with: the network as the paper states it, at 224 px."""

_TAGS = ("face-alignment", "facial-landmarks", "head-pose-estimation", "asmnet")


def model_card(
    metadata: ModelMetadata,
    figures: Measurements,
    *,
    network: str,
    file: ReleasedFile,
    measured: str,
    hard_faces: Mapping[str, float] | None = None,
) -> str:
    """Return the text of a card.

    Args:
        metadata: What the model file says of itself.
        figures: What was measured.
        network: What the network is, one phrase.
        file: The model file.
        measured: Date, protocol and hardware of the measurement, one sentence.
        hard_faces: Figures of ``lab.hard_faces``, if they were measured.
    """
    return f"""\
{_header(metadata.name, figures)}
# {metadata.name}

Facial landmarks ({metadata.layout}) and head pose of one face crop in one forward pass, for
[asmnet-sdk](https://pypi.org/project/asmnet-sdk/):

```python
from asmnet_sdk import FaceAligner

faces = FaceAligner("{metadata.name}").predict("photo.jpg")
```

| | |
|---|---|
| network | {network} |
| parameters | {figures.parameters / 1e6:.2f} M |
| multiply-adds | {figures.multiply_adds / 1e9:.3f} G for one crop |
{_time_row(figures.time_ratio)}\
| input | {metadata.input_size} x {metadata.input_size} uint8 RGB, crop side = \
{metadata.crop_scale} x longer side of the face box |
{file_rows(metadata, file)}

## Accuracy

{measured}

{_layout_remark(metadata.layout)}With crops at the annotated boxes:

{_accuracy_table(figures.annotated_boxes)}
{_detected_sections(figures.detected_boxes)}
NME is the mean landmark error divided by the distance of the outer eye corners. Failures are faces
with an NME above 8 %; AUC is the area under the cumulative error curve up to 8 %. Head pose is the
mean absolute difference, in degrees, from pseudo-labels of other networks: no photo was measured
with a sensor, and the zero of their pitch is uncertain by about 2 degrees.

{_sigma_section(figures.sigma)}{_robustness_section(figures.robustness)}\
{_hard_faces_section(hard_faces)}## Limits

{_hard_cases_section(file.picture)}\
{_unmeasured(hard_faces)}
- Landmarks behind hands, hair or masks are guesses.
- Not made for identification, nor for judging emotion, age or character.
"""


def _header(name: str, figures: Measurements) -> str:
    whole = asdict(figures.annotated_boxes[-1])
    return hub_header(name=name, task="keypoint-detection", tags=_TAGS, figures=whole)


def _hard_faces_section(figures: Mapping[str, float] | None) -> str:
    if figures is None:
        return ""
    rows = "\n".join(f"| {name} | {value:.2f} |" for name, value in figures.items())
    return f"""\
## Hard faces

By `python -m lab.hard_faces`, crops at the true boxes, one look each. "common" is the 300-W common
test set, damaged as the row says (NME %); "wflw" are 273 faces of WFLW's test list at its 68 iBUG
points, all and by attribute (NME %); "infants" and "aflw" are babies and AFLW faces kept back from
training; "turned" are views made of validation photos by turning them over a face mesh, by degrees
of yaw. "Less mean offsets" leaves out the shift that each point has on the other faces of the set:
sets place some points otherwise. Angles in degrees; "sigma holds" is the share of points within
`landmark_sigma`, which is meant to be 68 %.

| | |
|---|---|
{rows}

"""


def _unmeasured(figures: Mapping[str, float] | None) -> str:
    if figures is None:
        return """\
- Not measured: 300-W challenging and full set, WFLW, profile faces, any group of people apart
  from others. The test set has 17 faces turned by more than 30 degrees, none beyond 45."""
    return """\
- Not measured: 300-W challenging and full set, the whole of WFLW, photos of profiles with measured
  head pose (turned views are made pictures), any group of people apart from others."""


def _robustness_section(figures: Robustness) -> str:
    rows = "\n".join(
        f"| {row.group} | {row.faces} | {row.nme_percent:.2f} |" for row in figures.groups
    )
    score = (
        ""
        if figures.face_score_auc is None
        else f"""\
`face_score` tells faces at their boxes from random crops that overlap the face by an IoU below 0.3
with an area under the ROC curve of {figures.face_score_auc:.4f}. Some of those crops show another
person's face, which counts against it.

"""
    )
    return f"""\
With the annotated boxes scaled by up to 10 % and moved by up to 8 % of their longer side, the NME
is {figures.shaken_nme_percent:.2f} %. By group, at the annotated boxes:

| faces | number | NME % |
|---|---|---|
{rows}

{score}"""


def _accuracy_table(rows: Sequence[SubsetFigures]) -> str:
    lines = [
        "| subset | faces | missed | NME % | failures % | AUC | yaw | pitch | roll |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        angles = row.head_pose_errors_degrees
        cells = ["-"] * 3 if angles is None else [f"{angle:.2f}" for angle in angles]
        lines.append(
            f"| {row.subset} | {row.faces} | {row.missed} | {row.nme_percent:.2f} | "
            f"{row.failure_rate_percent:.2f} | {row.auc:.3f} | {' | '.join(cells)} |"
        )
    return "\n".join(lines)


def _detected_sections(tables: Mapping[str, Sequence[SubsetFigures]]) -> str:
    return "".join(
        f"\nEnd to end, with crops at the boxes that {detector} finds:\n\n{_accuracy_table(rows)}\n"
        for detector, rows in tables.items()
    )


def _time_row(ratio: float | None) -> str:
    if ratio is None:
        return ""
    return (
        f"| time | {ratio:.2f} x that of {REFERENCE_MODEL}, one crop, one CPU thread, same run |\n"
    )


def _layout_remark(layout: str) -> str:
    if layout == "IBUG_68":
        return ""
    return f"""\
No photo annotated with all points of {layout} was at hand: the figures are those of the 68 iBUG
points that its landmarks convert to. **Its other points were never measured against annotations.**

"""


def _hard_cases_section(picture: str | None) -> str:
    if picture is None:
        return ""
    return f"""\
Two portraits made harder, with the distance of the landmarks from where the untouched portrait has
them, in % of the distance of its outer eye corners (portraits: Eileen Collins, NASA, and Grace
Hopper, U.S. Navy, both in the public domain):

![Landmarks on portraits that are turned, small, blurred, dark or covered]({picture})

"""


def _sigma_section(figures: SigmaFigures | None) -> str:
    if figures is None:
        return ""
    return f"""\
`landmark_sigma` is the radius of a circle around each landmark that is meant to hold the true
point with a probability of 68 %: here it holds {100 * figures.coverage:.1f} % of the points,
and its rank correlation with the error is {figures.rank_correlation:.2f}.

"""
