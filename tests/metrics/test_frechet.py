import numpy as np
import pytest
from scipy import linalg

from tests.metrics import fixed
from tfgan_tricks import metrics


def scattered(count, mean, covariance, seed):
    """Returns rows with exactly this mean and covariance."""
    rows = np.random.RandomState(seed).normal(size=[count, len(mean)])
    rows -= rows.mean(axis=0)
    rows = linalg.solve_triangular(linalg.cholesky(np.cov(rows.T)), rows.T, trans="T").T
    return rows @ linalg.cholesky(covariance) + mean


def test_two_gaussians_with_known_moments():
    ours, theirs = np.diag([4.0, 0.25, 9.0]), np.diag([1.0, 1.0, 16.0])
    real = scattered(40, np.array([1.0, -2.0, 500.0]), ours, seed=0)
    fake = scattered(25, np.array([1.5, -2.0, 498.0]), theirs, seed=1)
    expected = 0.5**2 + 2.0**2 + (2 - 1) ** 2 + (0.5 - 1) ** 2 + (3 - 4) ** 2
    assert metrics.frechet_distance(real, fake) == pytest.approx(expected, rel=1e-9)


def by_matrix_root(real, fake):
    one, two = np.cov(real.T), np.cov(fake.T)
    shift = np.sum((real.mean(axis=0) - fake.mean(axis=0)) ** 2)
    return shift + np.trace(one + two - 2 * np.real(linalg.sqrtm(one @ two)))


def test_correlated_features_match_a_matrix_root():
    expected = by_matrix_root(fixed.REAL, fixed.FAKE)
    assert metrics.frechet_distance(fixed.REAL, fixed.FAKE) == pytest.approx(expected)
    assert metrics.frechet_distance(fixed.FAKE, fixed.REAL) == pytest.approx(expected)


def test_torch_fidelity_finds_the_same():
    """Values of torch-fidelity 0.4.0, also for fewer rows than features."""
    value = metrics.frechet_distance(fixed.REAL, fixed.FAKE)
    assert value == pytest.approx(41.762579383419336, rel=1e-9)
    value = metrics.frechet_distance(fixed.REAL[:8], fixed.FAKE[:9])
    assert value == pytest.approx(59.89636912948117, rel=1e-6)


@pytest.mark.parametrize(("rows", "width"), [(20, 60), (60, 20), (2, 3), (30, 1)])
def test_a_stretched_set_of_any_rank_has_a_closed_form(rows, width):
    real = np.random.RandomState(3).normal(size=[rows, width]) * np.logspace(
        0, -6, width
    )
    variance = real.var(axis=0, ddof=1).sum()
    expected = np.sum((2 * real.mean(axis=0) + 0.5) ** 2) + 4 * variance
    stretched = metrics.frechet_distance(real, 3 * real + 0.5)
    assert stretched == pytest.approx(expected, rel=1e-12)
    assert metrics.frechet_distance(real, real[::-1]) == pytest.approx(0, abs=1e-12)


def test_constant_and_shifted_features():
    constant = np.zeros([5, 3])
    assert metrics.frechet_distance(constant, constant + 2.0) == 12.0
    real, fake = fixed.REAL + 1e6, fixed.FAKE + 1e6
    expected = metrics.frechet_distance(fixed.REAL, fixed.FAKE)
    assert metrics.frechet_distance(real, fake) == pytest.approx(expected, rel=1e-8)
