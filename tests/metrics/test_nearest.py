import numpy as np
import pytest
from scipy.spatial import distance

from tests.metrics import fixed
from tfgan_tricks import metrics


@pytest.mark.parametrize("width", [2, 12])
def test_neighbors_match_brute_force(width):
    real, fake = fixed.REAL[:, :width], fixed.FAKE[:, :width]
    distances = distance.cdist(fake, real)
    found = metrics.nearest_neighbors(real, fake, k=3)
    np.testing.assert_array_equal(found.rows, distances.argsort(axis=1)[:, :3])
    expected = np.sort(distances, axis=1)[:, :3]
    np.testing.assert_allclose(found.distances, expected, rtol=1e-12)


def test_exact_copies_have_a_distance_of_zero():
    real = np.random.RandomState(0).uniform(size=[50, 40]) + 1e4
    found = metrics.nearest_neighbors(real, real[[7, 3]])
    assert found.rows.tolist() == [[7], [3]]
    assert found.distances.tolist() == [[0.0], [0.0]]


def test_copying_counts_pairs():
    real = np.array([[0.0], [100.0]])
    fake = np.array([[1.0], [97.0], [104.0]])
    held_out = np.array([[-3.0], [102.0], [50.0], [0.5]])
    near, usual = [1, 3, 4], [3, 2, 50, 0.5]
    expected = np.mean([(f < h) + 0.5 * (f == h) for f in near for h in usual])
    assert metrics.copying(real, fake, held_out) == pytest.approx(expected)


def test_generators_that_copy_learn_and_miss():
    random = np.random.RandomState(0)
    real, held_out, learned = random.normal(size=[3, 400, 3])
    copies = real + 0.01 * random.normal(size=real.shape)
    assert metrics.copying(real, copies, held_out) > 0.95
    deviation = ((1 / 400 + 1 / 400) / 12) ** 0.5
    found = metrics.copying(real, learned, held_out)
    assert found == pytest.approx(0.5, abs=3 * deviation)
    assert metrics.copying(real, 5 + learned, held_out) < 0.05
