"""Annotation files that a test writes."""

from __future__ import annotations

import json
from pathlib import Path

PTS = "version: 1\nn_points: 2\n{\n1 1\n10.5 20\n}\n"


def write(path: Path, text: str = PTS) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def wflw_line(**replaced: str) -> str:
    """Points (0, 0.5), (1, 1.5), ...; pose and blur set; ``replaced`` by position: ``at3="x"``."""
    words = [word for i in range(98) for word in (str(i), f"{i}.5")]
    words += ["10", "20", "30", "40", *"100001", "0--Parade/a b.jpg"]
    for position, word in replaced.items():
        words[int(position[2:])] = word
    return " ".join(words) + "\n"


def wflw_list(folder: Path, text: str) -> Path:
    write(folder / "WFLW_images" / "0--Parade" / "a b.jpg", "")
    return write(folder / "WFLW_annotations" / "lists" / "test.txt", text)


def coco_file(folder: Path, *annotations: object) -> Path:
    write(folder / "a.jpg", "")
    images = [{"id": 7, "file_name": "a.jpg"}, {"id": 8, "file_name": "gone.jpg"}]
    content = {"images": images, "annotations": annotations}
    return write(folder / "faces.json", json.dumps(content))
