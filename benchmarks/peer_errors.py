"""How far models are off, at annotated boxes, at detected ones, and on hard faces."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from peer_cases import Case, cases, yunet_box
from workers import Answer, Entrant, Worker

from asmnet_sdk import YuNetDetector
from asmnet_sdk.datasets import AnnotatedFace
from asmnet_sdk.evaluation.metrics import FAILURE_THRESHOLD_PERCENT
from lab.conventions import nme_beyond_offsets

__all__ = ["Records", "close", "compare_errors", "compare_hard", "summarise_errors"]

INNER = slice(17, 68)
Records = dict[str, dict[str, list[float]]]


def ask_at_detected(entrant: Entrant, worker: Worker, case: Case) -> Answer | None:
    """Predict end to end; None where YuNet found no face for it."""
    if not entrant.takes_boxes:
        return worker.ask(case.image, case.annotated)
    if case.detected is None:
        return None
    if entrant.kind == "onnx" or entrant.kind.startswith("mesh"):
        return worker.ask(case.image, yunet_box(case.detected), is_detected=True)
    return worker.ask(case.image, case.detected, is_detected=True)


def nme(answer: Answer | None, truth: NDArray[np.float32], points: slice) -> float:
    """Return the inter-ocular NME in percent over the points that a model has; NaN for no face."""
    if answer is None or np.isnan(answer.landmarks).all():
        return float("nan")
    distances = np.linalg.norm(answer.landmarks - truth, axis=-1)[points]
    return float(100 * np.nanmean(distances) / np.linalg.norm(truth[36] - truth[45]))


def measure_errors(
    entrants: Sequence[Entrant], workers: Sequence[Worker], case: Case, records: Records
) -> None:
    """Add the errors of one face, at both boxes."""
    for entrant, worker in zip(entrants, workers, strict=True):
        answers = {"detected": ask_at_detected(entrant, worker, case)}
        if entrant.takes_boxes:
            answers["annotated"] = worker.ask(case.image, case.annotated)
        for place, answer in answers.items():
            add_error(records[entrant.name], place, answer, case.truth)


def add_error(
    record: dict[str, list[float]], place: str, answer: Answer | None, truth: NDArray[np.float32]
) -> None:
    """Add the error of one answer over all its points, and over those without the jaw."""
    record[place].append(nme(answer, truth, slice(68)))
    record[f"{place}_inner"].append(nme(answer, truth, INNER))


def compare_errors(
    faces: Sequence[AnnotatedFace], entrants: Sequence[Entrant], yunet: Path
) -> tuple[Records, int]:
    """Return model -> errors, and how many faces YuNet missed."""
    records: Records = defaultdict(lambda: defaultdict(list))
    workers = [Worker(entrant, 1) for entrant in entrants]
    missed = 0
    for case in cases(faces, "errors", YuNetDetector(yunet, threads=1)):
        missed += case.detected is None
        measure_errors(entrants, workers, case, records)
    close(workers)
    return records, missed


def compare_hard(faces: Sequence[AnnotatedFace], entrants: Sequence[Entrant]) -> Records:
    """Return model -> errors on hard faces, at annotated boxes."""
    records: Records = defaultdict(lambda: defaultdict(list))
    entrants = [entrant for entrant in entrants if entrant.takes_boxes]
    workers = [Worker(entrant, 1) for entrant in entrants]
    truths, found = [], defaultdict(list)
    for face, case in zip(faces, cases(faces, "hard faces"), strict=True):
        truths.append(case.truth)
        for entrant, worker in zip(entrants, workers, strict=True):
            answer = worker.ask(case.image, case.annotated)
            add_error(records[entrant.name], "hard", answer, case.truth)
            if "pose" in face.attributes:
                add_error(records[entrant.name], "turned", answer, case.truth)
            found[entrant.name].append(answer.landmarks)
    close(workers)
    for name, landmarks in found.items():
        records[name]["hard_beyond_offsets"] = nme_beyond_offsets(landmarks, truths).tolist()
    return records


def close(workers: Iterable[Worker]) -> None:
    """End the processes."""
    for worker in workers:
        worker.close()


def summarise_errors(record: dict[str, list[float]]) -> dict[str, Any]:
    """Return NME and failure rate in percent, and how many faces got no answer, place by place."""
    row: dict[str, Any] = {}
    for place in ("annotated", "detected", "hard"):
        if place in record:
            errors = np.array(record[place])
            failed = ~(errors <= FAILURE_THRESHOLD_PERCENT)
            row[f"nme_{place}"] = round(float(np.nanmean(errors)), 3)
            row[f"nme_{place}_inner"] = round(float(np.nanmean(record[f"{place}_inner"])), 3)
            row[f"failures_{place}"] = round(float(100 * failed.mean()), 3)
            row[f"no_face_{place}"] = int(np.isnan(errors).sum())
    if "turned" in record:
        row["nme_turned"] = round(float(np.nanmean(record["turned"])), 3)
    if "hard_beyond_offsets" in record:
        beyond = float(np.nanmean(record["hard_beyond_offsets"]))
        row["nme_hard_beyond_offsets"] = round(beyond, 3)
    return row
