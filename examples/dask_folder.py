"""Landmarks of a folder of photos with Dask, on all cores of one machine or on a cluster.

Usage: pip install dask; python dask_folder.py FOLDER OUT [WORKERS]

Writes JSON lines into the folder OUT, a file for every 64 photos, a line a photo in the order of
their names. Each worker process loads one model, once, and keeps it. On a cluster, make a
``distributed.Client`` first and drop ``scheduler`` and ``num_workers``: the same bag runs there.
"""

import json
import sys
from functools import cache
from pathlib import Path

import dask.bag

from asmnet_sdk import FaceAligner, InvalidInputError


@cache
def aligner() -> FaceAligner:
    """Return the aligner of this worker process."""
    return FaceAligner(device="cpu", threads=1)


def describe(photo: str) -> str:
    """Return the faces of a photo as one line of JSON; a broken photo does not stop the rest."""
    try:
        faces = aligner().predict(photo)
    except InvalidInputError as error:
        return json.dumps({"photo": photo, "error": str(error)})
    return json.dumps({"photo": photo, "faces": [face.to_dict() for face in faces]})


def main(folder: str, out: str, workers: str = "2") -> None:
    """Work on all JPEG files of a folder."""
    photos = sorted(str(path) for path in Path(folder).glob("*.jpg"))
    lines = dask.bag.from_sequence(photos, partition_size=64).map(describe)
    lines.to_textfiles(f"{out}/*.jsonl", scheduler="processes", num_workers=int(workers))


if __name__ == "__main__":
    # Workers find the functions, and with them the aligner they keep, by the name of a module.
    import dask_folder

    dask_folder.main(*sys.argv[1:])
