"""Whether each peer really gets the crop that suits it best: NME with crops a little different.

Usage: python benchmarks/peer_crops.py 300w/train PEERS_FOLDER [--limit 100] [--models PFLD ...]

The crop of every model of ``peers.py`` that takes a box is scaled and moved down, on photos for
training, so that nothing is chosen by the test photos. A model's crop is a good choice where "as
it is" is near the best.
"""

from __future__ import annotations

import argparse
from itertools import product
from pathlib import Path

import numpy as np
from environments import DEFAULT_FOLDER
from numpy.typing import NDArray
from peer_cases import Case, cases, spread, yunet_box
from peer_errors import nme
from peer_models import move_box
from workers import Entrant, Worker, list_entrants

from asmnet_sdk import BoundingBox, YuNetDetector
from asmnet_sdk.cli.terminal import print_table
from asmnet_sdk.datasets import read_annotations

SCALES = (0.85, 0.9, 0.95, 1.0, 1.05, 1.1)
SHIFTS = (-0.05, -0.025, 0.0, 0.025, 0.05, 0.075)
AS_IT_IS = (1.0, 0.0)


def changed(box: BoundingBox, scale: float, down: float) -> BoundingBox:
    """Scale a box about its centre, and move it down by a share of its height."""
    x, y = move_box(box, down).center
    half_width, half_height = scale * box.width / 2, scale * box.height / 2
    return BoundingBox(x - half_width, y - half_height, x + half_width, y + half_height)


def errors_of(entrant: Entrant, worker: Worker, case: Case) -> NDArray[np.float64]:
    """Return the NME with each crop: (annotated or detected, scale, shift), NaN for no answer."""
    is_own_box = entrant.kind == "onnx" or entrant.kind.startswith("mesh")
    detected = case.detected and (yunet_box(case.detected) if is_own_box else case.detected)
    errors = [
        float("nan")
        if box is None
        else nme(
            worker.ask(case.image, changed(box, *change), is_detected=is_detected),
            case.truth,
            slice(68),
        )
        for box, is_detected in ((case.annotated, False), (detected, True))
        for change in product(SCALES, SHIFTS)
    ]
    return np.array(errors).reshape(2, len(SCALES), len(SHIFTS))


def row_of(entrant: Entrant, box: str, errors: NDArray[np.float64]) -> list[str]:
    """Return NME as it is and at its best, of (scale, shift)."""
    best = np.unravel_index(np.nanargmin(errors), errors.shape)
    as_it_is = errors[SCALES.index(1.0), SHIFTS.index(0.0)]
    scale, shift = SCALES[int(best[0])], SHIFTS[int(best[1])]
    change = "as it is" if (scale, shift) == AS_IT_IS else f"x {scale:g}, down {shift:+.0%}"
    return [entrant.name, box, f"{as_it_is:.2f}", f"{errors[best]:.2f}", change]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=Path, help="photos for training, such as 300w/train")
    parser.add_argument("peers", type=Path, help="folder of the peers' files")
    parser.add_argument("--limit", type=int, default=100, help="photos, spread over all")
    parser.add_argument("--models", nargs="+", default=[""], help="parts of their names")
    parser.add_argument("--environments", type=Path, default=DEFAULT_FOLDER)
    options = parser.parse_args()
    entrants = [
        entrant
        for entrant in list_entrants(options.peers, options.environments)
        if entrant.takes_boxes and any(name in entrant.name for name in options.models)
    ]
    workers = [Worker(entrant, 1) for entrant in entrants]
    yunet = YuNetDetector(options.peers / "face_detection_yunet_2023mar.onnx", threads=1)
    faces = spread(read_annotations(options.root), options.limit)
    errors = np.array(
        [
            [
                errors_of(entrant, worker, case)
                for entrant, worker in zip(entrants, workers, strict=True)
            ]
            for case in cases(faces, "crops", yunet)
        ]
    )
    for worker in workers:
        worker.close()
    means = np.nanmean(errors, axis=0)
    rows = [
        row_of(entrant, box, means[index, place])
        for index, entrant in enumerate(entrants)
        for place, box in enumerate(("annotated", "YuNet"))
    ]
    print_table(("model", "box", "NME % as it is", "best", "with the crop"), rows)


if __name__ == "__main__":
    main()
