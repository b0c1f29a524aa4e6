import numpy as np
import pytest

from tests.metrics import fixed
from tfgan_tricks import metrics


def by_loops(real, fake):
    def kernel(x, y):
        return (x @ y / len(x) + 1) ** 3

    def within(rows):
        pairs = [(i, j) for i in range(len(rows)) for j in range(len(rows)) if i != j]
        return np.mean([kernel(rows[i], rows[j]) for i, j in pairs])

    between = np.mean([kernel(x, y) for x in real for y in fake])
    return within(real) + within(fake) - 2 * between


def test_one_subset_of_all_rows_matches_a_double_loop():
    real, fake = fixed.REAL[:9, :4], fixed.FAKE[:9, :4]
    found = metrics.kernel_distance(real, fake, subsets=3, subset_size=9)
    assert found.mean == pytest.approx(by_loops(real, fake), rel=1e-12)
    assert found.std == pytest.approx(0, abs=1e-9)


def test_torch_fidelity_finds_the_same():
    """Values of torch-fidelity 0.4.0: exact for whole sets, similar for subsets."""
    real, fake = fixed.REAL[:200], fixed.FAKE
    whole = metrics.kernel_distance(real, fake, subsets=1, subset_size=200)
    assert whole.mean == pytest.approx(1886.320123653267, rel=1e-12)
    found = metrics.kernel_distance(
        fixed.REAL, fixed.FAKE, subsets=400, subset_size=100, seed=3
    )
    assert found.mean == pytest.approx(1884.198, abs=4 * 314.2 / 400**0.5)
    assert found.std == pytest.approx(314.18, rel=0.15)


def test_the_estimate_is_unbiased():
    """Many pairs of small sets of one distribution have a mean near 0."""
    random = np.random.RandomState(0)
    values = [
        metrics.kernel_distance(
            *random.normal(size=[2, 5, 3]), subsets=1, subset_size=5
        )
        for _ in range(400)
    ]
    means = [value.mean for value in values]
    assert min(means) < 0
    assert abs(np.mean(means)) < 3 * np.std(means) / len(means) ** 0.5


def test_a_shift_has_a_closed_form():
    """In one dimension, E (xy + 1)^3 is a polynomial of the first three moments."""
    random = np.random.RandomState(0)
    real, fake = random.normal(size=[2, 20_000, 1]) + [[[0.0]], [[0.5]]]
    first, second, third = [0.0, 0.5], [1.0, 1.25], [0.0, 0.5**3 + 3 * 0.5]
    gaps = [a[0] - a[1] for a in (first, second, third)]
    expected = 3 * gaps[0] ** 2 + 3 * gaps[1] ** 2 + gaps[2] ** 2
    found = metrics.kernel_distance(real, fake, subsets=40, subset_size=500)
    assert found.mean == pytest.approx(expected, rel=0.1)


def test_the_seed_decides_the_subsets():
    def of(seed):
        return metrics.kernel_distance(
            fixed.REAL, fixed.FAKE, subsets=2, subset_size=20, seed=seed
        )

    assert of(1) == of(1) != of(2)
