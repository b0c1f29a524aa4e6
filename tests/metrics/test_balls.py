import tracemalloc

import numpy as np
import pytest
from scipy.spatial import distance

from tests.metrics import fixed
from tfgan_tricks import metrics
from tfgan_tricks.metrics import _balls


def brute_force(real, fake, k):
    """Returns all four scores from whole matrices of exact distances."""

    def radii(rows):
        return np.sort(distance.cdist(rows, rows), axis=1)[:, k]

    between = distance.cdist(fake, real)
    in_real = between <= radii(real)
    in_fake = between.T <= radii(fake)
    precision, recall = in_real.any(axis=1).mean(), in_fake.any(axis=1).mean()
    return precision, recall, in_real.sum() / k / len(fake), in_real.any(axis=0).mean()


def scores(real, fake, k):
    return (
        *metrics.precision_recall(real, fake, k),
        *metrics.density_coverage(real, fake, k),
    )


@pytest.mark.parametrize("k", [1, 3, 7])
@pytest.mark.parametrize("width", [1, 2, 12])
def test_scores_match_brute_force(k, width):
    real, fake = fixed.REAL[:, :width], fixed.FAKE[:, :width]
    expected = brute_force(real, fake, k)
    np.testing.assert_allclose(scores(real, fake, k), expected, rtol=1e-12)


def test_prdc_and_torch_fidelity_find_the_same():
    """Values of prdc 0.2, for k = 5, and torch-fidelity 0.4.0, for k = 3."""
    found = scores(fixed.REAL, fixed.FAKE, 5)
    np.testing.assert_allclose(found, [0.665, 278 / 300, 0.385, 202 / 300])
    found = metrics.precision_recall(fixed.REAL, fixed.FAKE)
    np.testing.assert_allclose(found, [0.575, 0.89])


def test_equal_distributions_have_the_expected_density_and_coverage():
    real, fake = np.random.RandomState(0).normal(size=[2, 2000, 3])
    density, coverage = metrics.density_coverage(real, fake)
    n, factors = 2000, np.arange(1, 6)
    expected = 1 - np.prod((n - factors) / (2 * n - factors))
    assert coverage == pytest.approx(expected, abs=0.015)
    assert density == pytest.approx(1.0, abs=0.05)


def test_the_published_example_with_a_tenth_of_the_rows():
    """Values of prdc 0.2, whose authors publish .48, .47, 1.06, .97 for 10,000 rows."""
    real, fake = np.random.RandomState(0).normal(size=[2, 1000, 1000])
    found = scores(real, fake, 5)
    np.testing.assert_allclose(found, [0.642, 0.593, 1.1368, 0.971], rtol=1e-12)


def test_rows_are_compared_some_at_a_time(monkeypatch):
    expected = scores(fixed.REAL, fixed.FAKE, 3)
    # Room for a single row of distances.
    monkeypatch.setattr(_balls, "_MEGABYTES", 3e-3)
    np.testing.assert_array_equal(scores(fixed.REAL, fixed.FAKE, 3), expected)


def test_memory_is_bounded(monkeypatch):
    real, fake = np.random.RandomState(0).normal(size=[2, 3000, 2])
    monkeypatch.setattr(_balls, "_MEGABYTES", 2)
    tracemalloc.start()
    metrics.precision_recall(real, fake)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3000 * 3000 * 8 / 5


def test_copies_count_as_inside_however_far_the_data_are_from_zero():
    real = fixed.REAL + 1e4
    assert scores(real, real.copy(), 2)[:2] == (1.0, 1.0)
    same = np.repeat(real[:1], 10, axis=0)
    assert scores(same, same, 3) == (1.0, 1.0, 10 / 3, 1.0)
    # Rounding makes some distances of equal rows positive.
    twice = np.repeat(np.random.RandomState(0).normal(size=[50, 37]), 4, axis=0)
    assert scores(twice, twice[::-1], 3)[:2] == (1.0, 1.0)
    many = np.concatenate([same, real])
    precision, recall = metrics.precision_recall(many, same)
    assert (precision, recall) == (1.0, 11 / 310)


def test_real_outliers_raise_precision_but_hardly_density():
    random = np.random.RandomState(0)
    real, fake = random.normal(size=[500, 2]), random.uniform(-50, 50, size=[500, 2])
    outliers = np.array([[90.0, 0.0], [-90.0, 0.0], [0.0, 90.0]])
    some = np.concatenate([real, outliers])
    low, high = (
        metrics.precision_recall(rows, fake).precision for rows in (real, some)
    )
    assert low < 0.05 and high > 0.9
    assert metrics.density_coverage(some, fake).density < 1.0
