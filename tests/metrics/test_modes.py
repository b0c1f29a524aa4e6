import numpy as np
import pytest
from scipy import stats

from tfgan_tricks import data
from tfgan_tricks import metrics

CENTERS = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [10.0, 10.0]])


def test_points_on_either_side_of_both_limits():
    points = np.array(
        [
            [0.0, 4.9],  # In both: 3 standard deviations are 6.
            [4.0, -4.0],  # In both, at a distance of 5.7.
            [-5.0, -5.0],  # In the box only, at a distance of 7.1.
            [10.0, -6.1],  # In neither.
            [9.0, 12.0],  # In both.
        ]
    )
    circle = metrics.mode_count(points, CENTERS, 2.0)
    half, third = np.log(4 * 2 / 3) * 2 / 3, np.log(4 / 3) / 3
    assert circle[:2] == (2, 3 / 5)
    assert circle.reverse_kl == pytest.approx(half + third)
    box = metrics.mode_count(points, CENTERS, 2.0, convention="box")
    assert box[:2] == (2, 4 / 5)
    shares = np.array([3, 1, 0, 1]) / 5
    assert box.reverse_kl == pytest.approx(stats.entropy(shares, [0.25] * 4))


def test_a_mode_with_bad_points_only_is_missed_but_counts_in_the_box_divergence():
    points = np.concatenate([CENTERS, CENTERS[3:] + [[1.5, 0.0]]])
    missed = points[[0, 1, 2, 4]]
    for convention, divergence in (("circle", np.log(4 / 3)), ("box", 0.0)):
        found = metrics.mode_count(missed, CENTERS, 0.4, convention)
        assert found == pytest.approx((3, 0.75, divergence))


def test_no_good_points():
    far = CENTERS + [3.0, 0.0]
    assert metrics.mode_count(far, CENTERS, 0.1) == (0, 0.0, np.inf)
    assert metrics.mode_count(far, CENTERS, 0.1, "box") == (0, 0.0, 0.0)


@pytest.mark.parametrize("name", ["ring8", "grid25"])
def test_the_mixture_itself_has_the_known_scores(name):
    points, mixture = data.load(name, split="test").examples, data.mixture(name)
    count = len(mixture.centers)
    shares = {"circle": 1 - np.exp(-4.5), "box": (1 - 2 * stats.norm.sf(3)) ** 2}
    assert shares == pytest.approx({"circle": 0.9889, "box": 0.9946}, abs=1e-4)
    for convention, share in shares.items():
        found = metrics.mode_count(points, *mixture, convention)
        assert found.modes == count
        assert found.high_quality == pytest.approx(share, abs=1.5e-3)
        floor = (count - 1) / (2 * len(points))
        assert floor / 4 < found.reverse_kl < 3 * floor


def test_other_dimensions():
    found = metrics.mode_count(np.array([[0.1], [7.0]]), np.array([[0.0], [5.0]]), 0.5)
    assert found == (1, 0.5, pytest.approx(np.log(2)))


def test_stacked_digits():
    digits = np.array([[0, 0, 0], [9, 9, 9], [1, 2, 3], [3, 2, 1], [1, 2, 3]])
    found = metrics.stacked_digits(digits)
    shares = np.array([1, 1, 2, 1]) / 5
    expected = np.log(1000) - stats.entropy(shares)
    assert found == (4, pytest.approx(expected, rel=1e-12))
    every = np.stack(np.meshgrid(*[np.arange(10)] * 3), axis=-1).reshape(-1, 3)
    assert metrics.stacked_digits(every.astype("uint8")) == (1000, pytest.approx(0))


def test_stacked_digits_of_a_perfect_generator():
    """The divergence of 26,000 even draws is .0193, as published."""
    digits = np.random.RandomState(0).randint(10, size=[26_000, 3])
    assert metrics.stacked_digits(digits).reverse_kl == pytest.approx(0.0193, abs=2e-3)


@pytest.mark.parametrize(
    "digits",
    [
        np.zeros([4, 3]),
        np.zeros([4, 2], int),
        np.zeros([0, 3], int),
        np.full([4, 3], 10),
        np.full([4, 3], -1),
    ],
)
def test_digits_that_are_none(digits):
    with pytest.raises(ValueError, match="`digits` must .* Received: digits"):
        metrics.stacked_digits(digits)
