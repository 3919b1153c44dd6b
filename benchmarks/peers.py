"""Our models beside other projects' models: same photos, same boxes, one interleaved run.

Usage: python benchmarks/peers.py 300w/test PEERS_FOLDER [--hard wflw/test] [--out FILE]
           [--only times|errors|hard]

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
measures one part alone. Hard faces are a slice of WFLW's test list (``faces.csv`` as
``lab.hard_faces`` reads it), at annotated boxes. A cold start is the time from starting a process
to the landmarks of one portrait at a given box, the packages imported and the model loaded in
between.

``python benchmarks/report.py`` makes the tables and pictures of the documentation from the result.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timezone
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from environments import DEFAULT_FOLDER, installed_versions
from peer_cases import cases, spread
from peer_errors import Records, close, compare_errors, compare_hard, summarise_errors
from portraits import PORTRAIT, PORTRAIT_BOX
from workers import Entrant, Worker, list_entrants

from asmnet_sdk.cli.benchmarking import describe_machine
from asmnet_sdk.cli.terminal import print_table
from asmnet_sdk.datasets import AnnotatedFace, read_annotations
from lab.hard_faces import read_wflw_slice

RESULTS = Path(__file__).with_name("results")
FACES_TIMED = 120
COLD_STARTS = 3


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


def rotated(pairs: list[tuple[Entrant, Worker]], turn: int) -> list[tuple[Entrant, Worker]]:
    """Let another one begin each turn."""
    start = turn % len(pairs)
    return pairs[start:] + pairs[:start]


def describe(entrant: Entrant) -> dict[str, Any]:
    """Return what is known of a model before it runs."""
    return {
        "model": entrant.name,
        "kind": entrant.kind,
        "installation": entrant.installation,
        "megabytes": round(entrant.megabytes, 3),
    }


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
    if options.only in (None, "times"):
        for name, record in compare_times(faces, entrants).items():
            rows[name] |= summarise_times(record)
        result |= {"times_date": today, "faces_timed": min(FACES_TIMED, len(faces))}
    if options.only in (None, "errors"):
        yunet = options.peers / "face_detection_yunet_2023mar.onnx"
        records, missed = compare_errors(faces, entrants, yunet)
        for name, record in records.items():
            rows[name] |= summarise_errors(record)
        result |= {"errors_date": today, "faces": len(faces), "missed_by_yunet": missed}
    if options.hard and options.only in (None, "hard"):
        hard = read_wflw_slice(options.hard)
        for name, record in compare_hard(hard, entrants).items():
            rows[name] |= summarise_errors(record)
        turned = sum("pose" in face.attributes for face in hard)
        result |= {"hard_date": today, "hard_faces": len(hard), "turned_faces": turned}
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
    parser.add_argument("--hard", type=Path, help="hard faces: a folder with faces.csv")
    parser.add_argument("--out", type=Path, default=RESULTS / "peers.json")
    parser.add_argument("--environments", type=Path, default=DEFAULT_FOLDER)
    parser.add_argument("--limit", type=int, help="only so many photos, spread evenly")
    parser.add_argument(
        "--only", choices=("times", "errors", "hard"), help="measure one part, keep --out's others"
    )
    options = parser.parse_args()
    result = run(options)
    keys = (
        *("nme_annotated", "nme_detected", "nme_hard"),
        *("milliseconds_1", "milliseconds_all", "cold_start_seconds"),
    )
    print_table(
        ("model", "NME % at box", "detected", "hard", "ms, 1 thread", "all threads", "start s"),
        [(row["model"], *(number(row.get(key)) for key in keys)) for row in result["rows"]],
    )
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
