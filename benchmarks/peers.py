"""Our models beside other projects' models: same photos, same boxes, one interleaved run.

Usage: python benchmarks/peers.py 300w/test PEERS_FOLDER [--only times|errors] [--out FILE]

PEERS_FOLDER holds the files of the peers, none of which is part of this project; a file that is not
there is left out:

    cunjian_pfld.onnx                  github.com/cunjian/pytorch_face_landmark, onnx/pfld.onnx
    PFLD_GhostOne_112_1_opt_sim.onnx   github.com/AnthonyF333/PFLD_GhostOne, onnx_models/
    peppa_slim_160.onnx                github.com/ainrichman/Peppa-Facial-Landmark-PyTorch,
                                       pretrained_weights/slim_160_latest.onnx
    lm_model0_opt.onnx                 github.com/emilianavt/OpenSeeFace, models/
    face_detection_yunet_2023mar.onnx  the detector; needed

MediaPipe and OpenVINO are installed by pip into environments of their own. Each model runs in a
process of its own and gets the crop that suits it best; all take turns, in another order at each
photo. A time is that of one face from decoded photo and box to landmarks in the photo, after one
untimed call on the same face; the errors do not depend on how busy the machine is, so ``--only``
measures either half alone. A cold start is the time from starting a process to the landmarks of
one portrait at a given box, the packages imported and the model loaded in between.

``python benchmarks/report.py`` makes the tables and pictures of the documentation from the result.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timezone
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from environments import DEFAULT_FOLDER, installed_versions
from numpy.typing import NDArray
from peer_cases import Case, cases, spread, yunet_box
from portraits import PORTRAIT, PORTRAIT_BOX
from workers import Answer, Entrant, Worker, list_entrants

from asmnet_sdk import YuNetDetector
from asmnet_sdk.cli.benchmarking import describe_machine
from asmnet_sdk.cli.terminal import print_table
from asmnet_sdk.datasets import AnnotatedFace, read_annotations
from asmnet_sdk.evaluation.metrics import FAILURE_THRESHOLD_PERCENT

RESULTS = Path(__file__).with_name("results")
FACES_TIMED = 120
COLD_STARTS = 3
INNER = slice(17, 68)


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


Records = dict[str, dict[str, list[float]]]


def measure_errors(
    entrants: Sequence[Entrant], workers: Sequence[Worker], case: Case, records: Records
) -> None:
    """Add the errors of one face, at both boxes."""
    for entrant, worker in zip(entrants, workers, strict=True):
        answers = {"detected": ask_at_detected(entrant, worker, case)}
        if entrant.takes_boxes:
            answers["annotated"] = worker.ask(case.image, case.annotated)
        for place, answer in answers.items():
            records[entrant.name][place].append(nme(answer, case.truth, slice(68)))
            records[entrant.name][f"{place}_inner"].append(nme(answer, case.truth, INNER))


def measure_cold_starts(entrants: Sequence[Entrant], records: Records) -> None:
    """Start each model in a new process, in turns; the first round only fills the disk cache."""
    for number in range(COLD_STARTS + 1):
        for entrant in entrants:
            started = time.perf_counter()
            worker = Worker(entrant, None)
            worker.ask(PORTRAIT, PORTRAIT_BOX)
            seconds = time.perf_counter() - started
            worker.close()
            if number:
                records[entrant.name]["cold_start_seconds"].append(seconds)


def compare_times(faces: Sequence[AnnotatedFace], entrants: Sequence[Entrant]) -> Records:
    """Return model -> times, of cold starts and of ``FACES_TIMED`` faces."""
    records: Records = defaultdict(lambda: defaultdict(list))
    measure_cold_starts(entrants, records)
    pools = {
        "milliseconds_1": [Worker(entrant, 1) for entrant in entrants],
        "milliseconds_all": [Worker(entrant, os.cpu_count()) for entrant in entrants],
    }
    for turn, case in enumerate(cases(spread(faces, FACES_TIMED), "times")):
        for key, workers in pools.items():
            for entrant, worker in rotated(list(zip(entrants, workers, strict=True)), turn):
                answer = worker.ask(case.image, case.annotated, warm_up=1)
                records[entrant.name][key].append(answer.milliseconds)
    close(chain(*pools.values()))
    return records


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


def rotated(pairs: list[tuple[Entrant, Worker]], turn: int) -> list[tuple[Entrant, Worker]]:
    """Let another one begin each turn."""
    start = turn % len(pairs)
    return pairs[start:] + pairs[:start]


def close(workers: Iterable[Worker]) -> None:
    """End the processes."""
    for worker in workers:
        worker.close()


def describe(entrant: Entrant) -> dict[str, Any]:
    """Return what is known of a model before it runs."""
    return {
        "model": entrant.name,
        "kind": entrant.kind,
        "installation": entrant.installation,
        "megabytes": round(entrant.megabytes, 3),
    }


def summarise_errors(record: dict[str, list[float]]) -> dict[str, Any]:
    """Return NME and failure rate in percent, and how many faces got no answer, at both boxes."""
    row: dict[str, Any] = {}
    for place in ("annotated", "detected"):
        if place in record:
            errors = np.array(record[place])
            failed = ~(errors <= FAILURE_THRESHOLD_PERCENT)
            row[f"nme_{place}"] = round(float(np.nanmean(errors)), 3)
            row[f"nme_{place}_inner"] = round(float(np.nanmean(record[f"{place}_inner"])), 3)
            row[f"failures_{place}"] = round(float(100 * failed.mean()), 3)
            row[f"no_face_{place}"] = int(np.isnan(errors).sum())
    return row


def summarise_times(record: dict[str, list[float]]) -> dict[str, float]:
    """Return the median and the interquartile range of each kind of time."""
    row: dict[str, float] = {}
    for key, values in record.items():
        low, middle, high = np.percentile(values, [25, 50, 75]).tolist()
        row |= {key: round(middle, 4), f"{key}_spread": round(high - low, 4)}
    return row


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Measure what is asked for; keep the rest of what the result file says."""
    faces = spread(read_annotations(options.root), options.limit)
    entrants = list_entrants(options.peers, options.environments)
    is_kept = options.only and options.out.is_file()
    old = json.loads(options.out.read_text("utf-8")) if is_kept else {"rows": []}
    rows = {row["model"]: row for row in old["rows"]}
    rows = {entrant.name: rows.get(entrant.name, {}) | describe(entrant) for entrant in entrants}
    result: dict[str, Any] = old | {"machine": describe_machine(), "threads": os.cpu_count()}
    today = datetime.now(timezone.utc).date().isoformat()
    if options.only != "errors":
        for name, record in compare_times(faces, entrants).items():
            rows[name] |= summarise_times(record)
        result |= {"times_date": today, "faces_timed": min(FACES_TIMED, len(faces))}
    if options.only != "times":
        yunet = options.peers / "face_detection_yunet_2023mar.onnx"
        records, missed = compare_errors(faces, entrants, yunet)
        for name, record in records.items():
            rows[name] |= summarise_errors(record)
        result |= {"errors_date": today, "faces": len(faces), "missed_by_yunet": missed}
    pythons = {entrant.installation: entrant.python for entrant in entrants}
    versions = {name: installed_versions(python) for name, python in pythons.items()}
    ordered = sorted(rows.values(), key=lambda row: row.get("nme_detected", 0))
    return result | {"rows": ordered, "versions": versions}


def number(value: float | None) -> str:
    """Write a number, or a dash where there is none."""
    return "-" if value is None else f"{value:.2f}"


def main() -> None:
    """Compare, print the main figures and write all of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("root", type=Path, help="300-W common test set")
    parser.add_argument("peers", type=Path, help="folder with the peers' files")
    parser.add_argument("--out", type=Path, default=RESULTS / "peers.json")
    parser.add_argument("--environments", type=Path, default=DEFAULT_FOLDER)
    parser.add_argument("--limit", type=int, help="only so many photos, spread evenly")
    parser.add_argument(
        "--only", choices=("times", "errors"), help="measure one half, keep the other of --out"
    )
    options = parser.parse_args()
    result = run(options)
    keys = (
        *("nme_annotated", "nme_detected"),
        *("milliseconds_1", "milliseconds_all", "cold_start_seconds"),
    )
    print_table(
        ("model", "NME % annotated", "detected", "ms, 1 thread", "all threads", "cold start s"),
        [(row["model"], *(number(row.get(key)) for key in keys)) for row in result["rows"]],
    )
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
