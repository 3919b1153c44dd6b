"""Many crops in one call: shared out among threads, the answers in the order of the crops."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from asmnet_sdk import IBUG_68, FaceAligner, ModelError
from asmnet_sdk.landmarks.network import LandmarkNetwork
from tests.dot_model import picture_with_dots


def crops_with_dots(network: LandmarkNetwork, count: int) -> list:
    pictures = (
        picture_with_dots((64, 64), (10 + 3 * n, 20), (40, 12 + 4 * n), (30, 50 - 2 * n))
        for n in range(count)
    )
    return [network.cut_whole(picture) for picture in pictures]


@pytest.mark.parametrize("threads", [1, 2, 3, None])
@pytest.mark.parametrize("count", [1, 2, 5, 9])
def test_crops_together_give_what_each_gives_alone(dot_model, threads, count):
    network = LandmarkNetwork(dot_model, device="cpu", threads=threads)
    crops = crops_with_dots(network, count)
    alone = [network.predict([crop])[0] for crop in crops]
    together = network.predict(crops)
    assert len(together) == count
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_allclose(one.landmarks, other.landmarks, atol=1e-4)
        assert one.head_pose == other.head_pose


def test_no_crops_are_no_faces(dot_model):
    assert LandmarkNetwork(dot_model, device="cpu").predict([]) == []


def test_outputs_have_a_row_a_crop(dot_model):
    network = LandmarkNetwork(dot_model, device="cpu", threads=2)
    outputs = network.run(crops_with_dots(network, 7))
    assert outputs["landmarks"].shape == (7, 68, 2)
    assert {len(values) for values in outputs.values()} == {7}


def test_the_default_model_agrees_with_itself_in_any_batch(aligner: FaceAligner):
    generator = np.random.default_rng(0)
    crops = list(generator.integers(0, 256, (7, 90, 90, 3), np.uint8))
    whole = [(-0.5, -0.5, 89.5, 89.5)] * 7
    together = aligner.predict_batch(crops, whole)
    for crop, box, [face] in zip(crops, whole, together, strict=True):
        np.testing.assert_allclose(
            face.landmarks, aligner.predict(crop, box)[0].landmarks, atol=2e-3
        )


def test_network_that_has_run_batches_can_be_pickled_and_closed(dot_model):
    network = LandmarkNetwork(dot_model, device="cpu", threads=2)
    crops = crops_with_dots(network, 4)
    faces = network.predict(crops)
    restored = pickle.loads(pickle.dumps(network))
    np.testing.assert_array_equal(restored.predict(crops)[3].landmarks, faces[3].landmarks)
    network.close()
    for count in (1, 4):
        with pytest.raises(ModelError, match="was closed"):
            network.predict(crops[:count])


def test_closed_network_loads_nothing_for_a_first_batch(dot_model):
    network = LandmarkNetwork(dot_model, device="cpu", threads=2)
    crops = crops_with_dots(network, 4)
    network.close()
    with pytest.raises(ModelError, match="was closed"):
        network.predict(crops)


def test_a_mirrored_crop_maps_to_the_same_place_of_the_image(dot_model):
    network = LandmarkNetwork(dot_model, device="cpu", threads=1)
    [crop] = crops_with_dots(network, 1)
    mirrored = crop.mirrored()
    np.testing.assert_array_equal(mirrored.pixels, crop.pixels[:, ::-1])
    [seen], [seen_mirrored] = network.predict([crop]), network.predict([mirrored])
    order = list(IBUG_68.mirror)  # the toy sees colours, which change no places in a mirror
    for name, tolerance in (("landmarks", 0.1), ("landmark_sigma", 0), ("landmark_visible", 0)):
        got, expected = getattr(seen_mirrored, name), getattr(seen, name)[order]
        np.testing.assert_allclose(got, expected, atol=tolerance)
    yaw, pitch, roll = seen.head_pose
    assert (yaw, roll) != (0, 0)
    assert tuple(seen_mirrored.head_pose) == pytest.approx((-yaw, pitch, -roll), abs=1e-4)
    assert not mirrored.mirrored().is_mirrored
