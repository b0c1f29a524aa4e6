import numpy as np
import pytest

from tfgan_tricks import data


def test_ring8_has_eight_distinct_centers_on_the_unit_circle():
    centers = data.mixture("ring8").centers
    angles = np.sort(np.arctan2(centers[:, 1], centers[:, 0]))
    np.testing.assert_allclose(np.linalg.norm(centers, axis=1), 1.0)
    np.testing.assert_allclose(np.diff(angles), 2 * np.pi / 8)


def test_grid25_has_a_center_at_each_pair_of_even_numbers_up_to_four():
    centers = {tuple(center) for center in data.mixture("grid25").centers}
    assert centers == {(x, y) for x in range(-4, 5, 2) for y in range(-4, 5, 2)}


@pytest.mark.parametrize("name, std, modes", [("ring8", 0.01, 8), ("grid25", 0.05, 25)])
def test_points_scatter_around_the_center_they_are_labeled_with(name, std, modes):
    points, labels, *_ = data.load(name)
    mixture = data.mixture(name)
    assert mixture.std == std
    assert (points.shape, points.dtype) == ((100_000, 2), np.float32)
    assert (labels.shape, labels.dtype) == ((100_000,), np.int64)
    offsets = points - mixture.centers[labels]
    np.testing.assert_allclose(offsets.mean(axis=0), 0, atol=5 * std / 100_000**0.5)
    np.testing.assert_allclose(
        np.cov(offsets.T), std**2 * np.eye(2), atol=0.02 * std**2
    )
    inside = np.linalg.norm(offsets, axis=1) < 3 * std
    assert inside.mean() == pytest.approx(1 - np.exp(-4.5), abs=0.002)
    expected = 100_000 / modes
    chi_squared = (
        np.sum((np.bincount(labels, minlength=modes) - expected) ** 2) / expected
    )
    assert chi_squared < 2 * modes


def test_the_points_are_the_same_on_every_stack_and_other_ones_for_testing():
    first = data.load("ring8").examples
    np.testing.assert_array_equal(first, data.load("ring8").examples)
    expected = [[-1.0038507, -0.0016911], [0.6990170, -0.6982867]]
    np.testing.assert_allclose(first[:2], expected, atol=1e-6)
    other = data.load("ring8", split="test").examples
    assert not set(map(tuple, first)) & set(map(tuple, other))


@pytest.mark.parametrize(
    "call",
    [
        lambda: data.mixture("ring9"),
        lambda: data.load("ring8", split="validation"),
        lambda: data.load("grid25", image_size=8),
        lambda: data.load("grid25", channels=1),
    ],
)
def test_bad_arguments_are_refused(call):
    with pytest.raises(ValueError, match="Received"):
        call()
