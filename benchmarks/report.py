"""Write the results of the benchmarks into the documentation: tables and pictures.

Usage: python benchmarks/report.py

Reads ``benchmarks/results/*.json``, replaces what stands in ``docs/speed.md``,
``docs/accuracy.md`` and ``docs/guides/eyes.md`` between a line
``<!-- Made by benchmarks/report.py: NAME -->`` and the next line ``<!-- End -->``, and draws
``docs/images/peers-*.svg`` and ``scaling-*.svg``. The results are those of

    python benchmarks/peers.py 300w/test PEERS_FOLDER
    python benchmarks/start_up.py
    python benchmarks/install_size.py
    python benchmarks/eyes.py 300w/train
    python benchmarks/scaling.py
    asmnet benchmark examples/astronaut.jpg --models asmnet-68 asmnet-68-int8 --threads 1 2
        --json benchmarks/results/stages.json --plot docs/images/stages.png
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lab.mesh_points import MESH_TO_IBUG

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
PAGES = (
    ROOT / "README.md",
    *(ROOT / "docs" / f"{name}.md" for name in ("index", "speed", "accuracy", "guides/eyes")),
)
TEXT_COLUMNS = {"model", "program", "installed", "remark", "says how sure", "terms"}
BLOCK = re.compile(
    r"(<!-- Made by benchmarks/report\.py: ([a-z-]+) -->\n).*?(<!-- End -->)", re.DOTALL
)

README_MODELS = (
    "asmnet-68",
    "asmnet-68-int8",
    "PFLD (cunjian)",
    "Peppa slim 160",
    "MediaPipe face mesh, 478 points",
    "OpenSeeFace lm_model0",
)

FIGURES = {
    "nme_annotated": "in NME at annotated boxes",
    "nme_detected": "in NME at detected boxes",
    "milliseconds_1": "in time on one thread",
    "milliseconds_all": "in time on all threads",
    "megabytes": "in size of the file",
    "cold_start_seconds": "in cold start",
}


def read_result(name: str) -> Any:
    """Return the result file of a benchmark."""
    return json.loads((RESULTS / f"{name}.json").read_text("utf-8"))


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table, numbers to the right."""
    is_text = [column in TEXT_COLUMNS for column in header]
    lines = [header, ["---" if text else "---:" for text in is_text], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def number(value: float | None, digits: int) -> str:
    """Write a number, or a dash where there is none."""
    return "-" if value is None else f"{value:.{digits}f}"


def machine_sentence(result: Any) -> str:
    """Say when and where a result was measured."""
    machine = result["machine"]
    versions = ", ".join(
        f"{name} {machine[name]}" for name in ("onnxruntime", "opencv", "numpy") if name in machine
    )
    parts = (("", "date"), ("errors ", "errors_date"), ("times ", "times_date"))
    days = [f"{what}measured on {result[key]}" for what, key in parts if key in result]
    day = f"{', '.join(days) or 'measured'} on ".capitalize()
    return f"{day}{machine['processor']}; {machine['system']}; {versions}."


def peers() -> str:
    """Everything that is measured of each model of the comparison."""
    result = read_result("peers")
    installed = {
        row["name"]: row["installed_megabytes"] for row in read_result("install_size")["rows"]
    }
    header = (
        "model", "NME %", "failures %", "ms, 1 thread", f"ms, {result['threads']} threads",
        "model MB", "installed MB", "cold start s",
    )  # fmt: skip
    rows = [
        (
            row["model"],
            number(row["nme_detected"], 2),
            number(row["failures_detected"], 2),
            f"{row['milliseconds_1']:.2f} ({row['milliseconds_1_spread']:.2f})",
            f"{row['milliseconds_all']:.2f} ({row['milliseconds_all_spread']:.2f})",
            number(row["megabytes"], 1),
            number(installed[row["installation"]], 0),
            number(row["cold_start_seconds"], 2),
        )
        for row in result["rows"]
    ]
    faces = (
        f"Errors over {result['faces']} faces at boxes that YuNet finds "
        f"({result['missed_by_yunet']} missed), times over {result['faces_timed']} of them."
    )
    parts = (table(header, rows), f"{faces} {machine_sentence(result)}", who_is_ahead(result))
    return "\n\n".join(parts)


def who_is_ahead(result: Any) -> str:
    """Say in what models of others are better than the default model."""
    rows = result["rows"]
    at_boxes = [row for row in rows if row["kind"] in ("onnx", "mesh-468", "mesh-478")]
    alone = [row for row in rows if row["kind"] == "mesh-detector"]
    lines = [
        *ahead_of("asmnet-68", rows, at_boxes),
        *ahead_of("asmnet-68, its own detector", rows, alone),
    ]
    return "\n".join(["Models of others that are ahead of ours:", "", *lines])


def ahead_of(name: str, rows: Sequence[Any], others: Sequence[Any]) -> list[str]:
    """Return a line for each figure in which others are better than one model."""
    [ours] = (row for row in rows if row["model"] == name)
    lines = []
    for key, what in FIGURES.items():
        better = [row["model"] for row in others if key in row and row[key] < ours[key]]
        if better:
            lines.append(f"- of *{name}* {what}: {'; '.join(better)}")
    return lines


def peers_accuracy() -> str:
    """The errors of each model at both kinds of boxes."""
    result = read_result("peers")
    header = (
        "model", "NME %, annotated boxes", "without jaw", "NME %, YuNet", "without jaw",
        "failures %", "no face",
    )  # fmt: skip
    rows = [
        (
            row["model"],
            number(row.get("nme_annotated"), 2),
            number(row.get("nme_annotated_inner"), 2),
            number(row["nme_detected"], 2),
            number(row["nme_detected_inner"], 2),
            number(row["failures_detected"], 2),
            str(row["no_face_detected"]),
        )
        for row in result["rows"]
    ]
    return f"{table(header, rows)}\n\n{machine_sentence(result)}"


def mesh_points() -> str:
    """Which points of MediaPipe's mesh stand for the 68."""
    parts = np.split(MESH_TO_IBUG, [17, 27, 36, 48, 60])
    names = ("jaw", "eyebrows", "nose", "eyes", "lips, outer", "lips, inner")
    rows = [(name, ", ".join(map(str, part))) for name, part in zip(names, parts, strict=True)]
    return "\n".join(["| part | points |", "|---|---|", *(f"| {n} | {p} |" for n, p in rows)])


def start_up() -> str:
    """The time from starting a process to the first landmarks."""
    result = read_result("start_up")
    rows = [
        (
            row["program"],
            f"{row['seconds']:.3f} ({row['spread']:.3f})",
            number(row["ratio_to_mediapipe"], 2),
        )
        for row in result["rows"]
    ]
    header = ("program", "seconds", "of mediapipe's")
    rounds = f"{result['rounds']} rounds."
    return f"{table(header, rows)}\n\n{rounds} {machine_sentence(result)}"


def install_size() -> str:
    """What each package takes on disk, with everything it needs."""
    result = read_result("install_size")
    rows = [
        (
            " ".join([row["name"], *newest_version(row)]),
            str(len(row["packages"])),
            number(row["download_megabytes"], 0),
            number(row["installed_megabytes"], 0),
            row["remark"],
        )
        for row in result["rows"]
    ]
    header = ("installed", "packages", "download MB", "on disk MB", "remark")
    wheel = f"The wheel of asmnet-sdk itself: {result['wheel_megabytes']:.1f} MB."
    return f"{table(header, rows)}\n\n{wheel} Measured on {result['date']}; {result['system']}."


def newest_version(row: dict[str, Any]) -> list[str]:
    """Return the version of the package that a row is named after, if there is one."""
    return [row["packages"][row["name"]]] if row["name"] in row["packages"] else []


def readme() -> str:
    """The default model beside others, in one small table."""
    result = read_result("peers")
    packages = {row["name"]: row for row in read_result("install_size")["rows"]}
    tells = {"ours": "a point, the face", "onnx": "no", "mesh-478": "no", "ours-detector": "-"}
    terms = {"ours": "weights: research only", "onnx": "see its project", "mesh-478": "Apache-2.0"}
    rows = []
    for row in result["rows"]:
        if row["model"] not in README_MODELS:
            continue
        package = packages[row["installation"]]
        rows.append(
            (
                row["model"],
                number(row["nme_annotated"], 2),
                number(row["failures_annotated"], 1),
                number(row["milliseconds_1"], 1),
                number(row["megabytes"], 1),
                f"{package['installed_megabytes']:.0f} MB, {len(package['packages'])} packages",
                tells[row["kind"]],
                terms[row["kind"]],
            )
        )
    header = ("model", "error %", "failed %", "ms", "MB", "installed", "says how sure", "terms")
    note = (
        f"{result['faces']} photos of the 300-W common test set, annotated boxes; error: mean "
        "point error / distance of the outer eye corners; failed: error above 8 %; ms: one face "
        f"on one thread. {machine_sentence(result)} Commands: `python benchmarks/peers.py`, "
        "`python benchmarks/report.py`."
    )
    return f"{table(header, rows)}\n\n{note}"


def eyes() -> str:
    """How well open and closed eyes are told apart."""
    result = read_result("eyes")
    rows = [
        (
            f"{row['limit']:.2f}",
            f"{100 * row['closed_found']:.0f} %",
            f"{100 * row['open_taken_for_closed']:.1f} %",
        )
        for row in result["rates"]
    ]
    by_yaw = ", ".join(f"{y:+d}: {v}" for y, v in _numbers(result["median_open_by_yaw"]))
    by_pitch = ", ".join(f"{p:+d}: {v}" for p, v in _numbers(result["median_open_by_pitch"]))
    return "\n\n".join(
        (
            f"**Area under the ROC curve: {result['auc']:.3f}** "
            f"({result['model']}, {result['date']}).",
            table(("closed below", "closed eyes found", "open eyes taken for closed"), rows),
            f"Measured on {result['closed']} closed and {result['open']} open eyes of the "
            f"{result['photos']} training photos of 300-W, at annotated boxes; "
            f"{result['left_out']} eyes in between, whose lids are annotated a little apart, are "
            "left out. The network has seen these photos in training. Command: "
            "`python benchmarks/eyes.py 300w/train`.",
            f"Open eyes by yaw in degrees, median: {by_yaw}. By pitch: {by_pitch}.",
        )
    )


def _numbers(groups: Any) -> list[tuple[int, str]]:
    return [(int(key), f"{value:.2f}") for key, value in groups.items() if value is not None]


def stages() -> str:
    """The stages of a prediction, in milliseconds."""
    result = read_result("stages")
    names = list(result["results"][0]["median"])
    rows = [
        (
            row["model"],
            str(row["threads"]),
            str(row["batch"]),
            *(f"{row['median'][name]:.2f} ({row['spread'][name]:.2f})" for name in names),
        )
        for row in result["results"]
    ]
    return f"{table(('model', 'threads', 'batch', *names), rows)}\n\n{machine_sentence(result)}"


TABLES = {
    "peers": peers,
    "peers-accuracy": peers_accuracy,
    "mesh-points": mesh_points,
    "start-up": start_up,
    "install-size": install_size,
    "stages": stages,
    "eyes": eyes,
    "readme": readme,
}


def fill(page: str) -> str:
    """Return a page with every block made anew.

    Raises:
        KeyError: A block has a name that is none.
    """
    return BLOCK.sub(lambda found: f"{found[1]}\n{TABLES[found[2]]()}\n\n{found[3]}", page)


def main() -> None:
    """Fill the pages and draw the pictures."""
    for page in PAGES:
        page.write_text(fill(page.read_text("utf-8")), encoding="utf-8")
    sys.path.insert(0, str(ROOT / "docs"))
    from pictures.peers import draw_peers
    from pictures.scaling import draw_scaling

    for draw in (draw_peers, draw_scaling):
        draw(ROOT / "docs" / "images")


if __name__ == "__main__":
    main()
