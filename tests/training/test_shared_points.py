"""A network for other landmarks takes over what another knows of the points that both have."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra [train] is not installed")

from asmnet_sdk.layouts import IBUG_68, WFLW_98, shared_points
from asmnet_sdk.training.networks import SpatialAsmnet
from asmnet_sdk.training.shared_points import carry_points

SHARED = shared_points(IBUG_68, WFLW_98)
SHAPES = np.random.default_rng(0).uniform(0, 1, (5, 98, 2)).astype(np.float32)


def network_of(points: int, seed: int) -> SpatialAsmnet:
    """A network none of whose layers is trivial."""
    torch.manual_seed(seed)
    network = SpatialAsmnet(points).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    return network


def carried(start: SpatialAsmnet, target: SpatialAsmnet, shared: dict[int, int]) -> SpatialAsmnet:
    """The target with all that fits, and all that carries over, of the start."""
    found, wanted = start.state_dict(), target.state_dict()
    state = {name: v for name, v in found.items() if v.shape == wanted[name].shape}
    shapes = SHAPES[:, : len(wanted["sigma_bias"])]
    target.load_state_dict(state | carry_points(found, wanted, shared, shapes), strict=False)
    return target


@torch.no_grad()
def test_points_scores_and_visibility_are_those_of_the_start() -> None:
    start = network_of(68, 0)
    target = carried(start, network_of(98, 1), SHARED)
    image = torch.rand(2, 3, 96, 96)
    before, after = start(image), target(image)
    new, old = list(SHARED), list(SHARED.values())
    torch.testing.assert_close(after.landmarks[:, new], before.landmarks[:, old])
    torch.testing.assert_close(after.face_logit, before.face_logit)
    for name in ("landmark_log_sigma", "landmark_visible_logit"):
        torch.testing.assert_close(getattr(after, name)[:, new], getattr(before, name)[:, old])


@torch.no_grad()
def test_head_pose_reads_the_same_shape_among_more_points() -> None:
    """Exactly where the old points are as large, relative to all, as in the middle of the faces."""
    start = network_of(68, 0)
    target = carried(start, network_of(98, 1), SHARED)
    size = np.array([np.linalg.norm(s - s.mean(axis=0)) / np.sqrt(len(s)) for s in SHAPES])
    inner = SHAPES[:, list(SHARED)]
    inner_size = np.array([np.linalg.norm(s - s.mean(axis=0)) / np.sqrt(68) for s in inner])
    typical = np.argsort(size / inner_size)[2]
    pooled = torch.rand(160)
    shape = (SHAPES[typical] - SHAPES[typical].mean(axis=0)) / size[typical]
    inner_shape = (inner[typical] - inner[typical].mean(axis=0)) / inner_size[typical]
    before = start.pose(torch.cat([pooled, torch.from_numpy(inner_shape).flatten().float()]))
    after = target.pose(torch.cat([pooled, torch.from_numpy(shape).flatten().float()]))
    torch.testing.assert_close(after, before, rtol=1e-4, atol=1e-4)


def test_new_points_keep_their_own_values() -> None:
    target = network_of(98, 1)
    before = target.state_dict()["maps.weight"].clone()
    after = carried(network_of(68, 0), target, SHARED).state_dict()["maps.weight"]
    fresh = sorted(set(range(98)) - SHARED.keys())
    assert torch.equal(after[fresh], before[fresh])


def test_of_some_points_of_the_start_only_rows_carry_over() -> None:
    few = {0: 36, 1: 45, 2: 30}
    start, target = network_of(68, 0), network_of(3, 1)
    found = carry_points(start.state_dict(), target.state_dict(), few, SHAPES[:, :3])
    assert "face.weight" not in found
    assert "pose.0.weight" not in found
    assert torch.equal(found["maps.weight"], start.maps.weight[[36, 45, 30]])


def test_nothing_carries_over_where_no_point_is_shared() -> None:
    states = [network_of(n, 0).state_dict() for n in (68, 5)]
    assert carry_points(*states, {}, SHAPES[:, :5]) == {}
