"""Measure what ``asmnet models`` shows: ``python -m lab.figures [FOLDER_OF_MODELS]``.

Reads each published model in ``hub/``: its layout, its error on the 300-W common test set as its
file states it, its size; and times it on one thread. Writes ``asmnet_sdk/hub/figures.json`` and the
table in ``docs/models/index.md``.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from asmnet_sdk.cli.benchmarking import describe_machine
from asmnet_sdk.detection.network import AsmnetDetector
from asmnet_sdk.hub.registry import ModelSpec, available_models
from asmnet_sdk.images.loading import load_image
from asmnet_sdk.images.samples import PORTRAIT_BOX, sample_photo
from asmnet_sdk.landmarks.network import LandmarkNetwork
from asmnet_sdk.results import BoundingBox

ROOT = Path(__file__).resolve().parent.parent
FIGURES = ROOT / "asmnet_sdk" / "hub" / "figures.json"
PAGE = ROOT / "docs" / "models" / "index.md"
BLOCK = re.compile(r"(<!-- Made by lab/figures\.py -->\n).*?(<!-- End -->)", re.DOTALL)
ROUNDS = 60


def main(folder: Path) -> None:
    """Measure every published model, write the figures and the table."""
    machine = describe_machine()
    models = {
        spec.name: measure(spec, folder / spec.name / "model.onnx")
        for spec in available_models()
        if (folder / spec.name / "model.onnx").is_file()
    }
    record = {
        "date": datetime.now(timezone.utc).date().isoformat(),
        "processor": machine["processor"],
        "models": models,
    }
    FIGURES.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    page = PAGE.read_text("utf-8")
    table = model_table(record, available_models())
    PAGE.write_text(BLOCK.sub(lambda found: f"{found[1]}\n{table}\n\n{found[2]}", page), "utf-8")
    print(table)


def measure(spec: ModelSpec, path: Path) -> dict[str, Any]:
    """Return the figures of one model file."""
    megabytes = round(path.stat().st_size / 1e6, 1)
    if spec.kind == "detector":
        detector, photo = AsmnetDetector(path, threads=1), load_image(sample_photo())
        milliseconds = shortest_milliseconds(lambda: detector.detect(photo))
        return {"milliseconds": milliseconds, "megabytes": megabytes}
    network = LandmarkNetwork(path, device="cpu", threads=1)
    crop = network.cut(load_image(sample_photo("portrait")), BoundingBox(*PORTRAIT_BOX))
    return {
        "layout": network.layout.name,
        "input_size": network.metadata.input_size,
        "nme_percent": network.metadata.figures.get("nme_percent"),
        "milliseconds": shortest_milliseconds(lambda: network.predict([crop])),
        "megabytes": megabytes,
    }


def shortest_milliseconds(work: Callable[[], object]) -> float:
    """Return the CPU time of the shortest of many runs, so that other work disturbs little."""
    best = float("inf")
    for _ in range(ROUNDS):
        started = time.thread_time()
        work()
        best = min(best, time.thread_time() - started)
    return round(1000 * best, 2)


def model_table(record: Mapping[str, Any], specs: tuple[ModelSpec, ...]) -> str:
    """Return the table of the models page."""
    lines = [
        "| name | what it is | points | input | error % | ms | MB | licence | file |",
        "|---|---|---|---:|---:|---:|---:|---|---|",
    ]
    for spec in specs:
        figures = record["models"].get(spec.name, {})
        size = figures.get("input_size")
        nme = figures.get("nme_percent")
        where = "in the package" if spec.embedded else f"`asmnet download {spec.name}`"
        cells = (
            f"`{spec.name}`",
            spec.summary,
            figures.get("layout") or "-",
            f"{size} px" if size else "-",
            f"{nme:.2f}" if nme else "-",
            str(figures.get("milliseconds", "-")),
            str(figures.get("megabytes", "-")),
            spec.licence,
            where,
        )
        lines.append(f"| {' | '.join(cells)} |")
    note = (
        "Error: mean point error / distance of the outer eye corners, on the 554 photos of the "
        "300-W common test set at annotated boxes, as the model file states it. ms: CPU time of "
        "one face, for a detector of one photo of 960 x 640, on one thread, the shortest of "
        f"{ROUNDS} runs; measured on {record['date']} on {record['processor']} by "
        "`python -m lab.figures`."
    )
    return "\n".join(lines) + f"\n\n{note}"


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "hub")
