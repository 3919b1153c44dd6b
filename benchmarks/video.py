"""Steadiness, lag, identity and speed of FaceTracker on video rendered from two photos.

Usage: python benchmarks/video.py [--detector yunet | --min-face-size 20] [--model asmnet-68-int8]

The scenes are those of ``video_scenes.py``. Everything runs on one thread.

Targets: jitter of a still face at most 1/3 of that of predictions frame by frame, at most 1 frame
of lag in motion, no identity switch, 3 times the frames per second.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from portraits import PORTRAITS
from video_scenes import (
    SIZE_WH,
    Camera,
    Frame,
    Portrait,
    flickering,
    load_portraits,
    narrowing,
    panning,
    render_crossing,
    render_one,
    rolling,
    still,
    zooming,
)

from asmnet_sdk import AsmnetDetector, BoundingBox, Face, FaceAligner
from asmnet_sdk.cli.terminal import print_table
from asmnet_sdk.geometry import intersection_over_union
from asmnet_sdk.tracking.tracker import FaceTracker

WARM_UP = 30  # frames until the smoothing has settled


@dataclass(frozen=True)
class Bench:
    """The aligner under test."""

    aligner: FaceAligner

    def follow(self, frames: list[Frame]) -> list[list[Face]]:
        """Return the faces of each frame as a new tracker sees them."""
        tracker = FaceTracker(self.aligner)
        return [tracker.update(frame.picture) for frame in frames]

    def predict(self, frames: list[Frame]) -> list[list[Face]]:
        """Return the faces of each frame, found anew in every one."""
        return [self.aligner.predict(frame.picture) for frame in frames]


def settled(faces: list[list[Face]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return landmarks (frames, 68, 2) and head pose (frames, 1, 3) after the warm-up."""
    missed = sum(not found for found in faces)
    if missed:
        raise SystemExit(f"the face was missed in {missed} of {len(faces)} frames")
    shown = [found[0] for found in faces[WARM_UP:]]
    poses = [face.head_pose for face in shown]
    angles = [[[pose.yaw, pose.pitch, pose.roll]] for pose in poses]
    return np.array([face.landmarks for face in shown], np.float64), np.array(angles)


def jitter(points: NDArray[np.float64]) -> float:
    """Return the standard deviation over time of (frames, N, D), in its unit."""
    return float(np.sqrt(points.var(axis=0).sum(axis=-1).mean()))


def lag_frames(points: NDArray[np.float64], frames: list[Frame]) -> float:
    """Return by how many frames the points trail the truth, by least squares over the motion."""
    truth = np.array([frame.truth[0] for frame in frames])
    velocity = np.gradient(truth, axis=0)[WARM_UP:]
    behind = truth[WARM_UP:] - points
    behind -= behind.mean(axis=0)
    return float((behind * velocity).sum() / (velocity**2).sum())


def count_switches(faces: list[list[Face]], frames: list[Frame]) -> tuple[int, int]:
    """Return how often the id of a visible face changed, and in how many frames it had none."""
    last: dict[int, int | None] = {}
    switches = missed = 0
    for found, frame in zip(faces, frames, strict=True):
        boxes = [BoundingBox.around(points) for points in frame.truth]
        is_hidden = intersection_over_union([*boxes[0]], [*boxes[1]])[0, 0] > 0.2
        for person in (1,) if is_hidden else (0, 1):
            near = [f for f in found if _distance(f, frame.truth[person]) < 0.15 * 120]
            if not near:
                missed += 1
                continue
            identity = min(near, key=lambda f: _distance(f, frame.truth[person])).track_id
            switches += last.setdefault(person, identity) != identity
            last[person] = identity
    return switches, missed


def _distance(face: Face, truth: NDArray[np.float64]) -> float:
    return float(np.linalg.norm(face.landmarks - truth, axis=-1).mean())


def measure_motion(bench: Bench, portraits: list[Portrait]) -> None:
    """Print jitter and lag of one face."""
    scenes = {
        "still, noise 3, JPEG 90": (still, Camera(noise=3, quality=90)),
        "still, noise 6, JPEG 75": (still, Camera(noise=6, quality=75)),
        "still, light +-20 %": (flickering(0.75), Camera(noise=3, quality=90)),
        "still, light +-20 %, overexposed": (flickering(1), Camera(noise=3, quality=90)),
        "pan 0.05 face/s": (panning(0.05), Camera(noise=3, quality=90)),
        "pan 0.25 face/s": (panning(0.25), Camera(noise=3, quality=90)),
        "pan 1 face/s": (panning(1), Camera(noise=3, quality=90)),
        "pan 4 faces/s": (panning(4), Camera(noise=3, quality=90)),
        "zoom x1.5": (zooming, Camera(noise=3, quality=90)),
        "roll +-25 degrees": (rolling, Camera(noise=3, quality=90)),
        "narrow to 77 %": (narrowing, Camera(noise=3, quality=90)),
    }
    rows = []
    for name, (motion, camera) in scenes.items():
        for photo, portrait in zip(PORTRAITS, portraits, strict=True):
            frames = list(render_one(portrait, camera, 5, motion))
            alone = settled(bench.predict(frames))
            tracked = settled(bench.follow(frames))
            rows.append([name, photo, *figures_of(alone, tracked, frames)])
    header = ("jitter alone %", "tracked %", "ratio", "head pose ratio", "lag frames")
    print_table(("sequence", "photo", *header), rows)


def figures_of(
    alone: tuple[NDArray[np.float64], NDArray[np.float64]],
    tracked: tuple[NDArray[np.float64], NDArray[np.float64]],
    frames: list[Frame],
) -> list[str]:
    """Return the jitter of a face that keeps still, or the lag of one that moves."""
    if np.ptp([frame.truth for frame in frames], axis=0).any():
        return ["-", "-", "-", "-", f"{lag_frames(tracked[0], frames):.2f}"]
    unrest = [jitter(landmarks) for landmarks in (alone[0], tracked[0])]
    pose_ratio = jitter(alone[1]) / jitter(tracked[1])
    percent = [f"{100 * pixels / 120:.3f}" for pixels in unrest]
    return [*percent, f"{unrest[0] / unrest[1]:.1f}", f"{pose_ratio:.1f}", "-"]


def measure_crossing(bench: Bench, portraits: list[Portrait]) -> None:
    """Print the identity switches of two faces that pass each other."""
    rows = []
    camera = Camera(noise=3, quality=90)
    for seconds in (2, 4, 6):
        for offset in (0, 40):
            for order in (1, -1):
                pair = portraits[::order]
                frames = list(render_crossing((pair[0], pair[1]), camera, seconds, offset))
                faces = bench.follow(frames)
                switches, missed = count_switches(faces, frames)
                front = list(PORTRAITS)[::order][1]
                rows.append([f"{seconds} s, offset {offset} px", front, str(switches), str(missed)])
    print_table(("crossing", "in front", "id switches", "face-frames without id"), rows)


def measure_speed(bench: Bench, portraits: list[Portrait]) -> None:
    """Print frames per second with and without tracking."""
    frames = list(render_one(portraits[0], Camera(noise=3, quality=90), 2, panning(1)))
    rows = []
    for height in (480, 720, 1080):
        size_wh = (height * SIZE_WH[0] // SIZE_WH[1], height)
        pictures: list[NDArray[np.uint8]] = [
            cv2.resize(frame.picture, size_wh)  # type: ignore[misc]
            for frame in frames
        ]
        alone, tracked = frame_rates(bench, pictures)
        size = f"{size_wh[0]} x {size_wh[1]}"
        rows.append([size, f"{alone:.0f}", f"{tracked:.0f}", f"{tracked / alone:.1f}"])
    print_table(("one face", "detected in every frame", "tracked", "ratio"), rows)


def frame_rates(bench: Bench, pictures: list[NDArray[np.uint8]]) -> tuple[float, float]:
    """Return frames per second of predictions and of a tracker that detects in every 10th."""
    tracker = FaceTracker(bench.aligner)
    looks: Sequence[Callable[[NDArray[np.uint8]], list[Face]]] = (
        bench.aligner.predict,
        tracker.update,
    )
    seconds = np.zeros((3, 2))
    for repetition in seconds:
        for picture in pictures:  # interleaved: whatever else the machine does hits both
            for column, look in enumerate(looks):
                started = time.perf_counter()
                look(picture)
                repetition[column] += time.perf_counter() - started
    alone, tracked = (len(pictures) / np.median(seconds, axis=0)).tolist()
    return alone, tracked


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--detector", default="default", metavar="NAME")
    parser.add_argument("--model", default="asmnet-68", metavar="NAME")
    parser.add_argument("--min-face-size", type=float, help="of the package's own detector, pixels")
    parser.add_argument("--only-speed", action="store_true", help="leave out the slow scenes")
    options = parser.parse_args()
    detector = options.detector
    if options.min_face_size is not None:
        detector = AsmnetDetector(min_face_size=options.min_face_size, threads=1)
    bench = Bench(FaceAligner(options.model, detector=detector, device="cpu", threads=1))
    portraits = load_portraits(bench.aligner)
    smallest = f", faces from {options.min_face_size:g} px" if options.min_face_size else ""
    print(f"{options.model}, detector {options.detector}{smallest}\n")
    if not options.only_speed:
        measure_motion(bench, portraits)
        print()
        measure_crossing(bench, portraits)
        print()
    measure_speed(bench, portraits)


if __name__ == "__main__":
    main()
