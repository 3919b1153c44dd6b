"""The tables of the comparison with other projects' models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from report_tables import machine_sentence, number, read_result, table

__all__ = ["peers", "peers_accuracy", "readme"]

README_MODELS = (
    "asmnet-68",
    "asmnet-68-int8",
    "PFLD (cunjian)",
    "PFLD-GhostOne",
    "Peppa slim 160",
    "MediaPipe face mesh, 478 points",
    "OpenSeeFace lm_model0",
)

LESS_OFFSETS = (
    "*Less offsets*: NME on hard faces less the mean shift of each point, as other faces have it "
    '(`lab.conventions`). *Turned*: NME on the {turned_faces} of them that WFLW marks "pose".'
)

HARD = (
    "Hard faces: {hard_faces} of WFLW's test list (turned, covered, blurred, made up), annotated "
    "boxes. WFLW annotates some points otherwise than 300-W; PFLD-GhostOne learned from WFLW."
)

FIGURES = {
    "nme_annotated": "in NME at annotated boxes",
    "nme_detected": "in NME at detected boxes",
    "nme_hard": "in NME on hard faces",
    "milliseconds_1": "in time on one thread",
    "milliseconds_all": "in time on all threads",
    "megabytes": "in size of the file",
    "cold_start_seconds": "in cold start",
}


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
                number(row["nme_hard"], 2),
                number(row["milliseconds_1"], 1),
                number(row["megabytes"], 1),
                f"{package['installed_megabytes']:.0f} MB, {len(package['packages'])} packages",
                tells[row["kind"]],
                terms[row["kind"]],
            )
        )
    header = (
        "model", "error %", "hard faces: error %", "ms", "MB", "installed", "says how sure",
        "terms",
    )  # fmt: skip
    note = (
        f"{result['faces']} photos of the 300-W common test set, annotated boxes; error: mean "
        f"point error / distance of the outer eye corners. {HARD.format(**result)} ms: one face on "
        f"one thread. {machine_sentence(result)} Commands: `python benchmarks/peers.py`, "
        "`python benchmarks/report.py`."
    )
    return f"{table(header, rows)}\n\n{note}"


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
        "failures %", "no face", "hard faces, NME %", "failures %", "less offsets", "turned",
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
            number(row.get("nme_hard"), 2),
            number(row.get("failures_hard"), 1),
            number(row.get("nme_hard_beyond_offsets"), 2),
            number(row.get("nme_turned"), 2),
        )
        for row in result["rows"]
    ]
    notes = f"{HARD.format(**result)} {LESS_OFFSETS.format(**result)} {machine_sentence(result)}"
    return f"{table(header, rows)}\n\n{notes}"
