"""A model of your own, from annotated photos to ``FaceAligner("my.onnx")``.

Usage: pip install "asmnet-sdk[train]"; python own_model.py FOLDER

The photos are made here: the two portraits, turned, scaled and lit at random, with the points that
the default model finds. A network that has seen two people is of no use but to show the way; put
photos of your own, with .pts files beside them, in place of ``make_photos``.
"""

import argparse
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np

from asmnet_sdk import BoundingBox, FaceAligner

HERE = Path(__file__).parent
BOXES = {"astronaut": (179, 87, 272, 179), "grace_hopper": (178, 159, 350, 334)}
SIDE = 160


def make_photos(folder: Path, count: int, *, seed: int) -> None:
    """Write ``count`` annotated photos in the layout of 300-W: people/NAME.jpg and NAME.pts."""
    (folder / "people").mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(seed)
    aligner = FaceAligner()
    rows = ["split,subset,name,yaw,pitch,roll,spread"]
    for index in range(count):
        name, box = list(BOXES.items())[index % 2]
        photo = cv2.imread(str(HERE / f"{name}.jpg"))
        [face] = aligner.predict(photo, box)
        clockwise, size = generator.uniform(-20, 20), generator.uniform(0.45, 0.6) * SIDE
        matrix = cv2.getRotationMatrix2D(face.box.center, -clockwise, size / face.box.height)
        matrix[:, 2] += SIDE / 2 - np.array(face.box.center)
        light = generator.uniform(0.7, 1.2)
        picture = cv2.warpAffine(photo, matrix, (SIDE, SIDE), flags=cv2.INTER_AREA)
        path = folder / "people" / f"face{index:03}"
        cv2.imwrite(f"{path}.jpg", np.clip(picture * light, 0, 255).astype(np.uint8))
        points = face.landmarks @ matrix[:, :2].T + matrix[:, 2]
        lines = "".join(f"{x:.3f} {y:.3f}\n" for x, y in points + 1)  # .pts files count from 1
        path.with_suffix(".pts").write_text(f"version: 1\nn_points: 68\n{{\n{lines}}}\n")
        pose = face.head_pose
        angles = f"{pose.yaw:.2f},{pose.pitch:.2f},{pose.roll + clockwise:.2f}"
        rows.append(f"{folder.name},people,{path.name},{angles},1")
    (folder / "head_pose.csv").write_text("\n".join(rows) + "\n")


def asmnet(*words: object) -> None:
    """Run the command ``asmnet``."""
    subprocess.run([sys.executable, "-m", "asmnet_sdk", *map(str, words)], check=True)


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("folder", type=Path)
parser.add_argument("--epochs", type=int, default=30)
parser.add_argument("--faces", type=int, default=96)
options = parser.parse_args()

folder = options.folder
make_photos(folder / "train", options.faces, seed=0)
make_photos(folder / "validation", 8, seed=1)
(folder / "run.toml").write_text(f"""\
out = {str(folder / "run")!r}
photos = [{str(folder / "train")!r}]
validation = [{str(folder / "validation")!r}]
epochs = {options.epochs}
size = 64
batch_size = 16
negatives = 0
threads = 1
average_decay = 0.9   # short runs need a short memory
""")
asmnet("train", folder / "run.toml")  # interrupted, it continues when it is run again
asmnet("export", folder / "run", folder / "my.onnx", "--training-data", "two portraits, turned")

aligner = FaceAligner(folder / "my.onnx")
photo = HERE / "astronaut.jpg"
[face] = aligner.predict(photo, BOXES["astronaut"])
[expected] = FaceAligner().predict(photo, BOXES["astronaut"])
distance = np.linalg.norm(face.landmarks - expected.landmarks, axis=1).mean()
width = BoundingBox.around(expected.landmarks).width
print(f"{aligner.model.name}: {100 * distance / width:.1f} % of the face's width from the teacher")
