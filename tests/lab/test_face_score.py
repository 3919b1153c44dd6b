"""Tests of the face score that is taught anew on top of a fixed network."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra [train]")

from asmnet_sdk.training.networks import SpatialAsmnet
from lab.face_score import Evidence, fit_face_score, gather, read_false_faces


@pytest.fixture
def network() -> SpatialAsmnet:
    torch.manual_seed(0)
    return SpatialAsmnet(5).eval()


def test_the_score_reads_the_pooled_block_and_the_spread_of_each_map(
    network: SpatialAsmnet,
) -> None:
    features = gather(network, [torch.zeros(2, 3, 64, 64), torch.ones(1, 3, 64, 64)])
    assert features.shape == (3, 160 + 5)
    torch.testing.assert_close(features[0], features[1])
    with torch.inference_mode():
        logit = network(torch.ones(1, 3, 64, 64)).face_logit
        torch.testing.assert_close(network.face(features[2:]).squeeze(1), logit)


def test_fitting_tells_faces_from_the_rest_and_leaves_all_else(network: SpatialAsmnet) -> None:
    generator = torch.Generator().manual_seed(1)
    faces = torch.randn(300, 165, generator=generator) + 1
    others = torch.randn(100, 165, generator=generator) - 1
    before = {k: v.clone() for k, v in network.state_dict().items() if not k.startswith("face.")}
    evidence = Evidence.join(
        [Evidence.of(faces, is_face=True, weight=1), Evidence.of(others, is_face=False, weight=1)]
    )
    fit_face_score(network, evidence, epochs=20)
    with torch.inference_mode():
        assert (network.face(faces) > 0).float().mean() > 0.99
        assert (network.face(others) < 0).float().mean() > 0.99
    after = network.state_dict()
    for name, value in before.items():
        torch.testing.assert_close(after[name], value, rtol=0, atol=0)


def test_each_kind_of_evidence_counts_as_told() -> None:
    evidence = Evidence.join(
        [
            Evidence.of(torch.zeros(4, 2), is_face=True, weight=1.0),
            Evidence.of(torch.zeros(2, 2), is_face=False, weight=0.5),
        ]
    )
    assert evidence.is_face.tolist() == [1, 1, 1, 1, 0, 0]
    assert evidence.weights.tolist() == [0.25] * 6


def test_crops_of_one_picture_stay_together(tmp_path: Path) -> None:
    for picture in range(40):
        for crop in range(2):
            pixels = np.full((8, 8, 3), 5 * picture + crop, np.uint8)
            cv2.imwrite(str(tmp_path / f"{picture:012x}_{crop:02}.png"), pixels)
    training = read_false_faces(tmp_path, is_validation=False)
    held_out = read_false_faces(tmp_path, is_validation=True)
    assert len(training) + len(held_out) == 80
    pictures = [set((crops[:, 0, 0, 0] // 5).tolist()) for crops in (training, held_out)]
    assert pictures[0].isdisjoint(pictures[1])
    assert 1 <= len(pictures[1]) < len(pictures[0])
