"""Model cards for the Hub: a header that lets models be found, and what a model says of itself."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.hub.downloading import file_sha256
from asmnet_sdk.landmarks.contract import ModelMetadata, read_contract
from asmnet_sdk.layouts import LAYOUTS, Layout
from asmnet_sdk.publishing.folders import (
    CARD_FILE,
    CHECKSUM_FILE,
    MODEL_FILE,
    check_licence,
)
from asmnet_sdk.runtime.session import OnnxSession
from asmnet_sdk.whole_files import write_text

__all__ = ["LIBRARY_TAG", "card_header", "make_hub_folder", "read_figures"]

LIBRARY_TAG = "asmnet-sdk"
"""Library and tag under which the Hub finds models for this package, whoever made them."""

_METRICS: Mapping[str, tuple[str, str]] = {
    "nme_percent": ("nme", "NME, inter-ocular, %"),
    "failure_rate_percent": ("failure_rate", "faces with an NME above 8 %, %"),
    "auc": ("auc", "area under the error curve up to 8 %"),
}
_DETECTOR_METRICS: Mapping[str, tuple[str, str]] = {
    "recall_percent": ("recall", "faces found, IoU of at least 0.5, %"),
    "mean_overlap": ("iou", "mean IoU with the box around the annotated landmarks"),
}


def card_header(
    *,
    name: str,
    licence_name: str,
    task: str,
    tags: Sequence[str],
    data_set: str | None = None,
    figures: Mapping[str, Any] | None = None,
) -> str:
    """Return the YAML header of a card, with ``model-index`` where figures are given.

    Args:
        name: Name of the model.
        licence_name: Short name of the licence, which is none of the Hub's list.
        task: The Hub's ``pipeline_tag``.
        tags: What the model is found by, beside ``LIBRARY_TAG``.
        data_set: What it was measured on.
        figures: A row of ``asmnet evaluate --json``; of a detector, those that its file states.
    """
    lines = [
        "license: other",
        f"license_name: {re.sub(r'[^a-z0-9.]+', '-', licence_name.lower()).strip('-')}",
        f"library_name: {LIBRARY_TAG}",
        f"pipeline_tag: {task}",
        "tags:",
        *(f"- {tag}" for tag in dict.fromkeys((LIBRARY_TAG, *tags))),
    ]
    if data_set is not None and figures is not None:
        lines += _model_index(name, task, data_set, figures)
    return "\n".join(["---", *lines, "---", ""])


def _model_index(name: str, task: str, data_set: str, figures: Mapping[str, Any]) -> list[str]:
    known = _DETECTOR_METRICS if task == "object-detection" else _METRICS
    metrics = [
        line
        for key, (kind, title) in known.items()
        if isinstance(figures.get(key), int | float)
        for line in (
            f"    - type: {kind}",
            f"      value: {round(figures[key], 4)}",
            f"      name: {json.dumps(title)}",
        )
    ]
    return [
        "model-index:",
        f"- name: {json.dumps(name)}",
        "  results:",
        "  - task:",
        f"      type: {task}",
        "    dataset:",
        f"      name: {json.dumps(data_set)}",
        f"      type: {json.dumps(re.sub(r'[^a-z0-9]+', '-', data_set.lower()).strip('-'))}",
        "    metrics:",
        *metrics,
    ]


def read_figures(path: Path) -> list[dict[str, Any]]:
    """Read what ``asmnet evaluate --json`` wrote of one model.

    Raises:
        InvalidInputError: The file cannot be read, or holds something else.
    """
    try:
        rows = [dict(row) for row in json.loads(path.read_text(encoding="utf-8"))]
        for row in rows:
            if "difference_percent" in row:
                raise InvalidInputError(
                    f"{path} compares two models; needed: the figures of one (without --compare)"
                )
            if not all(isinstance(row[key], int | float) for key in ("faces", *_METRICS)):
                raise InvalidInputError(f"{path}: no face was found in {row['subset']!r}")
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as exc:
        if isinstance(exc, InvalidInputError):
            raise
        raise InvalidInputError(
            f"{path} holds no figures of `asmnet evaluate --json` ({exc!r})"
        ) from exc
    if not rows:
        raise InvalidInputError(f"{path} holds no figures")
    return rows


def make_hub_folder(
    model: Path,
    folder: Path,
    *,
    figures: Path,
    data_set: str,
    repository: str | None = None,
) -> None:
    """Make a folder that can be published: the model file, its card and the checksums.

    Args:
        model: A model file, as ``asmnet export`` writes it.
        folder: The folder, which must not exist.
        figures: What ``asmnet evaluate --json`` wrote of this model.
        data_set: What the figures were measured on.
        repository: Hub repository by which the card's example names the model, if it is known.

    Raises:
        ModelFileError: The model file is none, or does not state the licence of its weights.
        InvalidInputError: The folder exists, or the figures are none.
    """
    metadata, layout = read_contract(OnnxSession(model, device="cpu"))
    check_licence(model, metadata)
    rows = read_figures(figures)
    if folder.exists():
        raise InvalidInputError(f"{folder} exists: publish that folder, or remove it")
    folder.mkdir(parents=True)
    shutil.copy2(model, folder / MODEL_FILE)
    digest = file_sha256(folder / MODEL_FILE)
    card = _card(
        metadata,
        layout,
        rows,
        data_set=data_set,
        digest=digest,
        repository=repository or "OWNER/NAME",
    )
    write_text(folder / CARD_FILE, card)
    write_text(folder / CHECKSUM_FILE, f"{digest}  {MODEL_FILE}\n")


def _card(
    metadata: ModelMetadata,
    layout: Layout,
    rows: Sequence[Mapping[str, Any]],
    *,
    data_set: str,
    digest: str,
    repository: str,
) -> str:
    header = card_header(
        name=metadata.name,
        licence_name=metadata.licence,
        task="keypoint-detection",
        tags=("face-alignment", "facial-landmarks", "head-pose-estimation"),
        data_set=data_set,
        figures=rows[-1],
    )
    return f"""\
{header}
# {metadata.name}

Facial landmarks ({metadata.layout}) and head pose, for [asmnet-sdk](https://pypi.org/project/asmnet-sdk/):

```python
from asmnet_sdk import FaceAligner

faces = FaceAligner("{repository}").predict("photo.jpg")
```

| | |
|---|---|
| input | {metadata.input_size} x {metadata.input_size} uint8 RGB |
| file | SHA-256 `{digest}` |
| training data | {metadata.training_data} |
| licence | {metadata.licence} |

{_points(layout)}{_accuracy(rows, layout, data_set)}
## Limits

What was not measured is not known: other cameras, ages, skin colours and angles than those of the
photos above. Not made for identification, nor for judging emotion or character.
"""


def _points(layout: Layout) -> str:
    """Return the names of the points, where the layout is none of the package's."""
    if layout.name in LAYOUTS:
        return ""
    names = ", ".join(f"`{name}`" for name in layout.point_names)
    return f"## Points\n\nIn their order: {names}.\n\n"


def _accuracy(rows: Sequence[Mapping[str, Any]], layout: Layout, data_set: str) -> str:
    right, left = (layout.point_names[index] for index in layout.eye_corners)
    corners = "the outer eye corners" if layout.name in LAYOUTS else f"{right} and {left}"
    table = "\n".join(
        f"| {row['subset']} | {row['faces']} | {row['nme_percent']:.2f} | "
        f"{row['failure_rate_percent']:.2f} | {row['auc']:.3f} |"
        for row in rows
    )
    return f"""\
## Accuracy

On {data_set}, by `asmnet evaluate`:

| subset | faces | NME % | failures % (> 8 %) | AUC (8 %) |
|---|---|---|---|---|
{table}

NME is the mean landmark error divided by the distance of {corners}.
"""
