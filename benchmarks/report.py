"""Write the results of the benchmarks into the documentation: tables and pictures.

Usage: python benchmarks/report.py

Reads ``benchmarks/results/*.json``, replaces what stands in ``docs/speed.md``,
``docs/accuracy.md`` and ``docs/guides/eyes.md`` between a line
``<!-- Made by benchmarks/report.py: NAME -->`` and the next line ``<!-- End -->``, and draws
``docs/images/peers-*.svg`` and ``scaling-*.svg``. The results are those of

    python benchmarks/peers.py 300w/test PEERS_FOLDER --hard wflw/test
    python benchmarks/start_up.py
    python benchmarks/install_size.py
    python benchmarks/eyes.py 300w/train
    python benchmarks/scaling.py
    asmnet benchmark examples/astronaut.jpg --models asmnet-68 asmnet-68-int8 --threads 1 2
        --json benchmarks/results/stages.json --plot docs/images/stages.png
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
from report_peers import peers, peers_accuracy, readme
from report_tables import machine_sentence, number, read_result, table

from lab.mesh_points import MESH_TO_IBUG

ROOT = Path(__file__).resolve().parent.parent
PAGES = (
    ROOT / "README.md",
    *(ROOT / "docs" / f"{name}.md" for name in ("index", "speed", "accuracy", "guides/eyes")),
)
BLOCK = re.compile(
    r"(<!-- Made by benchmarks/report\.py: ([a-z-]+) -->\n).*?(<!-- End -->)", re.DOTALL
)


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
