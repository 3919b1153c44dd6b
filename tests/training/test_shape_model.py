from __future__ import annotations

import numpy as np
import pytest

from asmnet_sdk import InvalidInputError

pytest.importorskip("torch", reason="the extra [train] is not installed")

from asmnet_sdk.training.shape_model import ShapeModel

MEAN = np.array([[0.2, 0.3], [0.8, 0.3], [0.5, 0.8]])
WIDER = np.array([[-3.0, 0], [4, 0], [0, 0]]) / 5
LOWER = np.array([[0.0, 0], [0, 0], [0, 1]])


def shapes() -> np.ndarray:
    """Four shapes: variance 8 / 3 along WIDER, 2 / 3 along LOWER, in units of 0.01 squared."""
    return np.stack(
        [MEAN + 0.01 * (x * WIDER + y * LOWER) for x, y in ((2, 0), (-2, 0), (0, 1), (0, -1))]
    )


def test_fit_finds_mean_directions_and_variances():
    model = ShapeModel.fit(shapes(), variance=1.0)
    np.testing.assert_allclose(model.mean, MEAN, atol=1e-12)
    np.testing.assert_allclose(model.components, [WIDER, LOWER], atol=1e-9)
    np.testing.assert_allclose(model.eigenvalues, [8e-4 / 3, 2e-4 / 3], rtol=1e-9)


@pytest.mark.parametrize(("variance", "count"), [(0.5, 1), (0.8, 1), (0.81, 2), (0.9, 2), (1, 2)])
def test_fit_keeps_the_fewest_components_that_explain_the_variance(variance, count):
    """The first direction explains 80 %."""
    assert len(ShapeModel.fit(shapes(), variance=variance).eigenvalues) == count


def test_shape_within_the_limit_is_reconstructed():
    model = ShapeModel.fit(shapes(), variance=1.0)
    shape = MEAN + 0.02 * WIDER - 0.01 * LOWER
    np.testing.assert_allclose(model.project(shape), [0.02, -0.01], atol=1e-12)
    np.testing.assert_allclose(model.reconstruct([0.02, -0.01]), shape, atol=1e-12)
    np.testing.assert_allclose(model.smooth(shape), shape, atol=1e-12)


def test_smooth_clamps_each_parameter_to_three_standard_deviations():
    model = ShapeModel.fit(shapes(), variance=1.0)
    reach = 3 * np.sqrt(2e-4 / 3)
    np.testing.assert_allclose(
        model.smooth(MEAN + 0.01 * WIDER - 0.5 * LOWER),
        MEAN + 0.01 * WIDER - reach * LOWER,
        atol=1e-12,
    )


def test_smooth_drops_what_no_component_holds():
    model = ShapeModel.fit(shapes(), variance=0.8)
    np.testing.assert_allclose(model.smooth(MEAN + 0.01 * LOWER), MEAN, atol=1e-12)


def test_many_shapes_are_smoothed_as_one_by_one():
    model = ShapeModel.fit(shapes())
    many = shapes().reshape(2, 2, 3, 2) * 1.1
    one_by_one = [[model.smooth(shape) for shape in row] for row in many]
    np.testing.assert_allclose(model.smooth(many), one_by_one, atol=1e-12)


@pytest.mark.parametrize(
    ("landmarks", "variance", "reason"),
    [
        (shapes()[:1], 0.9, r"\(1, 3, 2\); needed: \(N, K, 2\) with N of 2 or more"),
        (shapes()[0], 0.9, r"shape \(3, 2\)"),
        (shapes() * np.nan, 0.9, "not all finite"),
        (shapes(), 0, r"variance is 0; needed: a share in \(0, 1\]"),
        (shapes(), 90, "variance is 90"),
        (np.stack([MEAN, MEAN]), 0.9, "all 2 shapes are the same"),
    ],
)
def test_shapes_that_cannot_be_used_are_refused(landmarks, variance, reason):
    with pytest.raises(InvalidInputError, match=reason):
        ShapeModel.fit(landmarks, variance=variance)


def test_saved_model_is_one_file_and_loads_again(tmp_path):
    model = ShapeModel.fit(shapes())
    path = tmp_path / "shape.npz"
    model.save(path)
    loaded = ShapeModel.load(path)
    assert list(tmp_path.iterdir()) == [path]
    for name in ("mean", "components", "eigenvalues"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(model, name))


def test_file_that_holds_no_shape_model_is_refused(tmp_path):
    broken, other = tmp_path / "broken.npz", tmp_path / "other.npz"
    broken.write_bytes(b"PK no archive")
    np.savez(other, mean=MEAN)
    mixed = tmp_path / "mixed.npz"
    np.savez(mixed, mean=MEAN, components=np.zeros((2, 4, 2)), eigenvalues=np.zeros(2))
    for path in (tmp_path / "none.npz", broken, other, mixed):
        with pytest.raises(InvalidInputError, match=f"{path.name} holds no shape model"):
            ShapeModel.load(path)
