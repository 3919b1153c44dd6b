"""Which faces are found, and what else is taken for one: every bar of finding faces in one command.

Usage: python benchmarks/finding.py DATA --yunet face_detection_yunet_2023mar.onnx
       --mediapipe face_landmarker.task --faceless FOLDER --before CHECKOUT
       [--detector FILE] [--model FILE] [--every 6] [--only PART ...] [--show FOLDER]

DATA holds ``300w``, ``wflw/test`` and ``faces/portraits``; ``faceless.py`` fills FOLDER; CHECKOUT
is a work tree of an earlier state, whose time is compared. asmnet-sdk runs with its defaults, on
one thread: a face is found when the box of a detection (``FaceAligner().detect``) overlaps the box
around its annotated landmarks by half; NME is that of ``predict`` at the face that overlaps best.
Boxes of YuNet (640 px) and MediaPipe (128 px) are moved to face boxes by medians over training
photos. Needs the extras [dev] and [train], and ai-edge-litert.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
from appearing import frames_until_shown
from bars import Bars
from false_faces import Find, faces_nobody_else_sees, false_faces_in, tracks_without_faces
from finding_bench import Bench
from finding_scenes import (
    as_scenes,
    errors_of,
    found_percent,
    mean_and_failures,
    wflw_scenes,
)
from finding_times import report_times
from mediapipe_detector import MediaPipeDetector
from peer_cases import spread

import asmnet_sdk
from asmnet_sdk import BoundingBox, FaceAligner, YuNetDetector
from asmnet_sdk.cli.terminal import print_table
from asmnet_sdk.datasets import read_300w
from asmnet_sdk.detection import AsmnetDetector
from lab.detection.damages import DAMAGES, Scene, turned

DAMAGE_BARS = {
    "32 px in 640 x 480": 99,
    "24 px in 640 x 480": 97,
    "16 px in 640 x 480": 80,
    "lower half black": 97,
    "one side black": 90,
    "painted mask": 99,
    "30 % cut off at a side": 99,
}
WITNESS_SCORE = 0.3
CROWD = Path(asmnet_sdk.__file__).parent / "images" / "samples" / "group.jpg"


def report_turned(bench: Bench) -> None:
    """Print what is found, and how exact, at each tilt."""
    rows, figures = [], []
    for degrees in range(0, 360, 30):
        scenes = [turned(face, degrees) for face in bench.some]
        found = {name: share for name, (share, _) in found_percent(bench.finders, scenes).items()}
        errors = [errors_of(bench.aligner, scenes, is_given=is_given) for is_given in (False, True)]
        ends = [figure for some in errors for figure in mean_and_failures(some)]
        figures.append([found["asmnet"], *ends])
        cells = [*found.values(), *ends]
        rows.append([f"turned by {degrees}", *(f"{cell:.2f}" for cell in cells)])
    header = [f"found %, {name}" for name in bench.finders]
    print_table(["", *header, "NME", "failed %", "NME, box given", "failed %"], rows)
    found, end_nme, end_failed, given_nme, given_failed = np.array(figures).T
    bench.bars.add("found at the worst tilt, %", found.min(), ">=", 98)
    for name, nme, failed in (
        ("end to end", end_nme, end_failed),
        ("box given", given_nme, given_failed),
    ):
        bench.bars.add(f"NME at the worst tilt / upright, {name}", nme.max() / nme[0], "<=", 1.1)
        bench.bars.add(f"failures at the worst tilt, {name}, %", failed.max(), "<=", 2)


def report_damaged(bench: Bench) -> None:
    """Print what is found of small, covered, cut off, dark and blurred faces."""
    rows = []
    for name, damage in DAMAGES.items():
        found = found_percent(bench.finders, (damage(face) for face in bench.some))
        rows.append([name, *(f"{found[finder][0]:.1f}" for finder in bench.finders)])
        if name in DAMAGE_BARS:
            bench.bars.add(f"found, {name}, %", found["asmnet"][0], ">=", DAMAGE_BARS[name])
    print_table(["found %", *bench.finders], rows)


def report_whole_photos(bench: Bench) -> None:
    """Print what is found in photos as they are, and how well boxes fit."""
    afw = [face for face in bench.training if face.photo.parent.name == "afw"]
    sets = {
        "300-W common": as_scenes(bench.test[:: bench.options.every_whole]),
        "WFLW, faces of the test list": _wflw(bench),
        "AFW (trained on)": as_scenes(afw[:: bench.options.every_whole]),
    }
    rows = []
    for name, asked in zip(sets, (100, 98, 99), strict=True):
        found = found_percent(bench.finders, sets[name])
        rows.append([name, *(f"{found[f][0]:.1f} ({found[f][1]:.3f})" for f in bench.finders)])
        bench.bars.add(f"found, {name}, %", found["asmnet"][0], ">=", asked)
        if name == "300-W common":
            bench.bars.add("mean overlap, 300-W common", found["asmnet"][1], ">=", 0.9)
    print_table(["found % (mean overlap)", *bench.finders], rows)


def report_common_error(bench: Bench) -> None:
    """Print the NME of faces that were found beside that at their annotated boxes."""
    scenes = list(as_scenes(bench.test[:: bench.options.every_whole]))
    both = np.array([errors_of(bench.aligner, scenes, is_given=given) for given in (False, True)])
    found_mean, given_mean = both[:, np.isfinite(both).all(axis=0)].mean(axis=1)
    print(f"NME end to end / at annotated boxes: {found_mean:.3f} / {given_mean:.3f}")
    bench.bars.add("NME end to end / annotated boxes", found_mean / given_mean, "<=", 1.01)


def report_false(bench: Bench) -> None:
    """Print faces predicted where there is none."""
    options = bench.options
    witnesses: list[Find] = [
        YuNetDetector(options.yunet, score_threshold=WITNESS_SCORE, threads=1).detect
    ]
    witnesses += [find for name, find in bench.finders.items() if name == "mediapipe"]
    annotated = [(face.photo, [BoundingBox.around(face.landmarks)]) for face in bench.some]
    portraits = sorted((options.data / "faces" / "portraits").glob("*.jpg"))[:: options.every]
    sets: dict[str, Sequence[tuple[Path, Sequence[BoundingBox]]]] = {
        "300-W common": annotated,
        "portraits": [(photo, []) for photo in portraits],
    }
    for name, photos in sets.items():
        share = faces_nobody_else_sees(bench.aligner, photos, witnesses, show=options.show)
        print(f"{name}: {share:.2f} faces in 100 photos that nobody else sees")
        bench.bars.add(f"faces that nobody else sees in 100 photos, {name}", share, "<=", 1)
    if options.faceless is None:
        return
    names = false_faces_in(bench.aligner, options.faceless, show=options.show)
    print(f"a face in {len(names)} pictures without any: {', '.join(names)}")
    bench.bars.add("pictures of 200 without a face that show one", len(names), "<=", 0)


def report_video(bench: Bench) -> None:
    """Print when a tracker gives out faces, and the tracks that it starts without any."""
    scenes = {
        "300-W common": as_scenes(bench.some),
        "WFLW": islice(_wflw(bench), 0, None, bench.options.every),
    }
    rows = []
    for name, some in scenes.items():
        shown = frames_until_shown(bench.aligner, some)
        cells = [100 * float(np.mean(shown <= frame)) for frame in (1, 3, 10)]
        rows.append([name, *(f"{cell:.1f}" for cell in cells)])
    print_table(["given out, %", "first frame", "by the third", "by the tenth"], rows)
    if bench.options.faceless is not None:
        folder, every = bench.options.faceless, bench.options.every
        tracks = tracks_without_faces(bench.aligner, folder, every=every)
        bench.bars.add("tracks in a video without faces", tracks, "<=", 0)


def _wflw(bench: Bench) -> Iterator[Scene]:
    return wflw_scenes(bench.options.data / "wflw" / "test")


PARTS = {
    "turned": report_turned,
    "damaged": report_damaged,
    "whole": report_whole_photos,
    "error": report_common_error,
    "false": report_false,
    "video": report_video,
    "times": report_times,
}


def parse_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--yunet", type=Path, required=True)
    parser.add_argument("--mediapipe", type=Path)
    parser.add_argument("--faceless", type=Path, help="pictures without a face")
    parser.add_argument("--before", type=Path, help="checkout of an earlier state")
    parser.add_argument("--crowd", type=Path, default=CROWD, help="photo of many people")
    parser.add_argument("--detector", type=Path, help="another file of our detector")
    parser.add_argument("--model", default="asmnet-68", help="another landmark model")
    parser.add_argument("--every", type=int, default=6, help="every so many-th photo; 1 is all")
    parser.add_argument(
        "--every-whole", type=int, default=1, help="the same for photos as they are"
    )
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--show", type=Path, help="folder for pictures of false faces")
    return parser.parse_args()


def main() -> None:
    """Measure and print one table after the other, the bars last."""
    options = parse_options()
    training = read_300w(options.data / "300w" / "train")
    own = AsmnetDetector(options.detector, threads=1) if options.detector else "default"
    aligner = FaceAligner(options.model, detector=own, device="cpu", threads=1)
    finders = {
        "asmnet": lambda image: aligner.detect(image, color="rgb"),
        "yunet": YuNetDetector(options.yunet, threads=1).detect,
    }
    if options.mediapipe:
        finders["mediapipe"] = MediaPipeDetector(options.mediapipe, spread(training, 60)).detect
    bench = Bench(
        options=options,
        aligner=aligner,
        finders=finders,
        test=read_300w(options.data / "300w" / "test"),
        training=training,
        bars=Bars(),
    )
    print(f"{len(bench.some)} of {len(bench.test)} photos of the 300-W common test set")
    for part in options.only:
        PARTS[part](bench)
    bench.bars.print()


if __name__ == "__main__":
    main()
