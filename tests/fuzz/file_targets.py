"""Targets that take annotations and settings in text files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import numpy as np

from asmnet_sdk.datasets import AnnotatedFace, read_coco, read_head_poses, read_pts, read_wflw
from tests.fuzz.mutation import mutate_json, mutate_text
from tests.fuzz.watching import Case

if TYPE_CHECKING:
    from asmnet_sdk.training.configuration import RunConfig

_PTS = "version: 1\nn_points: 68\n{\n" + "".join(f"{i}.5 {2 * i}\n" for i in range(68)) + "}\n"
_POSES = "split,subset,name,yaw,pitch,roll,spread\n" + "".join(
    f"test,helen,{i},{i}.5,-{i},0.25,1.5\n" for i in range(5)
)
_WFLW_LINE = " ".join(["12.5", "40"] * 98 + ["1", "2", "90", "91"] + ["0", "1"] * 3 + ["a.jpg"])
_COCO = {
    "images": [{"id": 1, "file_name": "a.jpg"}, {"id": "two", "file_name": "WFLW_images/a.jpg"}],
    "annotations": [
        {"image_id": 1, "keypoints": [1, 2, 2, 3.5, 4, 1]},
        {"image_id": "two", "keypoints": [9, 9, 2, 8, 8, 2], "bbox": [0, 0, 9, 9]},
        {"image_id": 1, "keypoints": [0, 0, 0]},
    ],
}
_TOML = (
    'out = "runs/a"\nphotos = ["300w/train"]\nvalidation = []\nextra = ["more"]\nrepeat = 2\n'
    'network = "asmnet"\nobjective = "wing"\nlayout = "IBUG_68"\nthreads = 2\nepochs = 60\n'
    "size = 160\ncrop_scale = 1.35\nbatch_size = 64\nnegatives = 6\nlearning_rate = 3e-3\n"
    "weight_decay = 1e-2\naverage_decay = 0.998\nseed = 3\n"
)


def _of_file(
    name: str, damaged: Callable[[Random], bytes], read: Callable[[Path], object]
) -> Callable[[Path], Callable[[Random], Case]]:
    """Return a target: damaged content is written under this name, then read."""

    def target(folder: Path) -> Callable[[Random], Case]:
        (folder / "WFLW_images").mkdir()
        for photo in (folder / "a.jpg", folder / "WFLW_images" / "a.jpg"):
            photo.touch()
        path = folder / name

        def case_of(random: Random) -> Case:
            path.write_bytes(damaged(random))
            return Case(run=lambda: read(path))

        return case_of

    return target


def _require_finite(points: object) -> None:
    array = np.asarray(points)
    assert array.ndim == 2
    assert array.shape[1] == 2
    assert np.isfinite(array).all()


def _read_faces(read: Callable[[Path], list[AnnotatedFace]], path: Path) -> None:
    for face in read(path):
        _require_finite(face.landmarks)


def _read_finite_poses(path: Path) -> None:
    for pose, spread in read_head_poses(path).values():
        assert np.isfinite([pose.yaw, pose.pitch, pose.roll, spread]).all()


def configuration(folder: Path) -> Callable[[Random], Case]:
    """Read damaged configurations of training runs; needs the extra [train]."""
    from asmnet_sdk.training.configuration import read_config

    damaged = _of_file(
        "run.toml",
        lambda random: mutate_text(random, _TOML),
        lambda path: _require_finite_recipe(read_config(path)),
    )
    return damaged(folder)


def _require_finite_recipe(config: RunConfig) -> None:
    recipe = config.recipe
    numbers = (recipe.crop_scale, recipe.learning_rate, recipe.weight_decay, recipe.average_decay)
    assert np.isfinite(numbers).all()


pts = _of_file(
    "a.pts", lambda random: mutate_text(random, _PTS), lambda path: _require_finite(read_pts(path))
)
wflw = _of_file(
    "list.txt",
    lambda random: mutate_text(random, f"{_WFLW_LINE}\n{_WFLW_LINE}"),
    lambda path: _read_faces(read_wflw, path),
)
coco = _of_file(
    "coco.json",
    lambda random: mutate_json(random, _COCO),
    lambda path: _read_faces(read_coco, path),
)
head_poses = _of_file(
    "head_pose.csv",
    lambda random: mutate_text(random, _POSES.replace(",", " ")).replace(b" ", b","),
    _read_finite_poses,
)
