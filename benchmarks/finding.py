"""Which faces are found, and what else is taken for one: the bars of the detector in one command.

Usage: python benchmarks/finding.py DATA --yunet face_detection_yunet_2023mar.onnx
       --mediapipe face_landmarker.task [--faceless FOLDER] [--every 6] [--model FILE]

DATA holds ``300w`` and ``wflw/test``. asmnet-sdk runs with its defaults, on one thread: a face is
found when the box of a detection (``FaceAligner().detect``) overlaps the box around its annotated
landmarks by half; NME is that of ``FaceAligner().predict`` at the face that overlaps best. Boxes of
YuNet (640 px) and MediaPipe (128 px) are moved to face boxes by medians over training photos.
FOLDER holds pictures without a face. Needs the extras [dev]
and [train], and ai-edge-litert.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from mediapipe_detector import MediaPipeDetector
from peer_cases import spread

from asmnet_sdk import BoundingBox, FaceAligner, YuNetDetector, load_image
from asmnet_sdk.cli.terminal import print_table
from asmnet_sdk.datasets import AnnotatedFace, read_300w
from asmnet_sdk.detection import AsmnetDetector, FaceDetector
from asmnet_sdk.evaluation.metrics import inter_ocular_nme
from asmnet_sdk.geometry import intersection_over_union
from lab.detection.damages import DAMAGES, Picture, Scene, turned

FOUND_OVERLAP, ELSEWHERE_OVERLAP = 0.5, 0.3
FAILED_PERCENT = 8.0
MIN_SCORE = 0.5

Finders = Mapping[str, Callable[[Picture], Sequence[BoundingBox]]]


def overlaps_of(boxes: Sequence[BoundingBox], truth: BoundingBox) -> np.ndarray:
    """Return the (N,) overlaps of boxes with the true one."""
    rows = np.array([list(box) for box in boxes]).reshape(-1, 4)
    return intersection_over_union(rows, list(truth))[:, 0]


def found_percent(finders: Finders, scenes: Iterable[Scene]) -> dict[str, tuple[float, float]]:
    """Return, for each finder, the share found in percent and the mean overlap of those found."""
    best: dict[str, list[float]] = defaultdict(list)
    for scene in scenes:
        truth = BoundingBox.around(scene.landmarks)
        for name, find in finders.items():
            best[name].append(float(overlaps_of(find(scene.picture), truth).max(initial=0)))
    return {name: _summary(np.array(values)) for name, values in best.items()}


def _summary(values: np.ndarray) -> tuple[float, float]:
    is_found = values >= FOUND_OVERLAP
    return 100 * float(is_found.mean()), float(values[is_found].mean()) if is_found.any() else 0.0


def errors_of(aligner: FaceAligner, scenes: Iterable[Scene], *, is_given: bool) -> np.ndarray:
    """Return the (N,) NME in percent, infinite where no predicted face overlaps the true one."""
    errors = []
    for scene in scenes:
        truth = BoundingBox.around(scene.landmarks)
        faces = aligner.predict(scene.picture, truth if is_given else None, color="rgb")
        boxes = [BoundingBox.around(face.landmarks) for face in faces]
        overlaps = overlaps_of(boxes, truth)
        if overlaps.max(initial=0) < 0.3:
            errors.append(np.inf)
            continue
        face = faces[int(overlaps.argmax())]
        errors.append(float(inter_ocular_nme(face.landmarks, scene.landmarks, face.layout)))
    return np.array(errors)


def nme_cells(errors: np.ndarray) -> list[str]:
    """Return mean NME of the faces found and the share of failures."""
    known = errors[np.isfinite(errors)]
    mean = f"{known.mean():.2f}" if len(known) else "-"
    return [mean, f"{100 * np.mean(errors > FAILED_PERCENT):.1f}"]


def report_turned(finders: Finders, aligner: FaceAligner, faces: Sequence[AnnotatedFace]) -> None:
    """Print what is found, and how exact, at each tilt."""
    rows = []
    for degrees in range(0, 360, 30):
        scenes = [turned(face, degrees) for face in faces]
        found = found_percent(finders, scenes)
        cells = [f"{found[name][0]:.1f}" for name in finders]
        end_to_end = nme_cells(errors_of(aligner, scenes, is_given=False))
        given = nme_cells(errors_of(aligner, scenes, is_given=True))
        rows.append([f"turned by {degrees}", *cells, *end_to_end, *given])
    header = [f"found %, {name}" for name in finders]
    print_table(["", *header, "NME", "failed %", "NME, box given", "failed %"], rows)


def report_damaged(finders: Finders, faces: Sequence[AnnotatedFace]) -> None:
    """Print what is found of small, covered, cut off, dark and blurred faces."""
    rows = []
    for name, damage in DAMAGES.items():
        found = found_percent(finders, (damage(face) for face in faces))
        rows.append([name, *(f"{found[finder][0]:.1f}" for finder in finders)])
    print_table(["found %", *finders], rows)


def report_whole_photos(finders: Finders, sets: Mapping[str, Iterable[Scene]]) -> None:
    """Print what is found in photos as they are, and how well boxes fit."""
    rows = []
    for name, scenes in sets.items():
        found = found_percent(finders, scenes)
        rows.append([name, *(f"{found[f][0]:.1f} ({found[f][1]:.3f})" for f in finders)])
    print_table(["found % (mean overlap)", *finders], rows)


def report_false(
    aligner: FaceAligner, finders: Finders, faces: Sequence[AnnotatedFace], folder: Path | None
) -> None:
    """Print faces predicted where there is none: in annotated photos, in pictures without any."""
    elsewhere = 0
    for face in faces:
        image = load_image(face.photo)
        known = [BoundingBox.around(face.landmarks)]
        known += [box for name, find in finders.items() if name != "asmnet" for box in find(image)]
        for guess in aligner.predict(image, color="rgb"):
            if (guess.score or 1.0) >= MIN_SCORE:
                box = BoundingBox.around(guess.landmarks)
                elsewhere += bool(overlaps_of(known, box).max(initial=0) < ELSEWHERE_OVERLAP)
    print(f"faces that nobody else sees: {elsewhere} in {len(faces)} photos")
    if folder is None:
        return
    pictures = list(faceless_pictures(folder))
    false = [
        sum((face.score or 1.0) >= MIN_SCORE for face in aligner.predict(picture, color="rgb"))
        for picture in pictures
    ]
    print(f"{np.count_nonzero(false)} of {len(pictures)} pictures without a face give one")
    for name, find in finders.items():
        print(f"boxes of {name} in these: {sum(len(find(picture)) for picture in pictures)}")


def faceless_pictures(folder: Path) -> Iterator[Picture]:
    """Yield the pictures of a folder, each as a whole and in ten parts drawn at random."""
    generator = np.random.default_rng(0)
    for path in sorted(folder.iterdir()):
        image = load_image(path)
        yield image
        for _ in range(10):
            size = (np.array(image.shape[:2]) * generator.uniform(0.25, 0.8)).astype(int)
            top, left = (generator.uniform(0, 1, 2) * (np.array(image.shape[:2]) - size)).astype(
                int
            )
            yield np.ascontiguousarray(image[top : top + size[0], left : left + size[1]])


def report_times(finders: Finders, pictures: Mapping[str, Picture], aligner: FaceAligner) -> None:
    """Print milliseconds of each finder, all called in turn, and of ``predict``."""
    calls = {**finders, "predict": lambda image: aligner.predict(image, color="rgb")}
    rows = []
    for title, picture in pictures.items():
        times: dict[str, list[float]] = defaultdict(list)
        for _ in range(30):
            for name, call in calls.items():
                started = time.perf_counter()
                call(picture)
                times[name].append(1000 * (time.perf_counter() - started))
        rows.append([title, *(f"{np.median(times[name][3:]):.1f}" for name in calls)])
    print_table(["milliseconds, median", *calls], rows)


def wflw_scenes(folder: Path) -> Iterable[Scene]:
    """Yield the faces of WFLW's test photos in this folder's ``faces.csv``."""
    with (folder / "faces.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            numbers = [row[f"{axis}{i}"] for i in range(68) for axis in "xy"]
            points = np.array(numbers, np.float32).reshape(-1, 2)
            yield Scene(picture=load_image(folder / f"{row['photo']}.jpg"), landmarks=points)


def as_scenes(faces: Iterable[AnnotatedFace]) -> Iterable[Scene]:
    """Yield annotated photos as they are."""
    return (Scene(picture=load_image(face.photo), landmarks=face.landmarks) for face in faces)


def main() -> None:
    """Measure and print one table after the other."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--yunet", type=Path, required=True)
    parser.add_argument("--mediapipe", type=Path)
    parser.add_argument("--faceless", type=Path)
    parser.add_argument("--model", type=Path, help="another file of our detector")
    parser.add_argument("--every", type=int, default=6, help="every so many-th photo; 1 is all")
    parser.add_argument("--skip-turned", action="store_true")
    options = parser.parse_args()
    faces = read_300w(options.data / "300w" / "test")
    some = faces[:: options.every]
    training = read_300w(options.data / "300w" / "train")
    own: str | FaceDetector = "default"
    if options.model:
        own = AsmnetDetector(options.model, threads=1)
    aligner = FaceAligner(detector=own, device="cpu", threads=1)
    finders = {
        "asmnet": lambda image: aligner.detect(image, color="rgb"),
        "yunet": YuNetDetector(options.yunet, threads=1).detect,
    }
    if options.mediapipe:
        finders["mediapipe"] = MediaPipeDetector(options.mediapipe, spread(training, 60)).detect
    print(f"{len(some)} photos of the 300-W common test set")
    if not options.skip_turned:
        report_turned(finders, aligner, some)
    report_damaged(finders, some)
    afw = [face for face in training if face.photo.parent.name == "afw"]
    sets = {
        "300-W common": as_scenes(some),
        "WFLW, 273 faces of the test list": wflw_scenes(options.data / "wflw" / "test"),
        "AFW (trained on)": as_scenes(afw[:: options.every]),
    }
    report_whole_photos(finders, sets)
    scenes = list(as_scenes(some))
    ratio = np.array([errors_of(aligner, scenes, is_given=given) for given in (False, True)])
    found = np.isfinite(ratio).all(axis=0)
    found_mean, given_mean = ratio[:, found].mean(axis=1)
    print(f"NME end to end / at annotated boxes: {found_mean:.3f} / {given_mean:.3f}")
    report_false(aligner, finders, some, options.faceless)
    crowd = max(afw, key=lambda face: sum(other.photo == face.photo for other in afw)).photo
    pictures = {"portrait": scenes[0].picture, "crowd": load_image(crowd)}
    report_times(finders, pictures, aligner)


if __name__ == "__main__":
    main()
