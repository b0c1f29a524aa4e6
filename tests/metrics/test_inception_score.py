import numpy as np
import pytest
from scipy import special
from scipy import stats

from tests.metrics import fixed
from tfgan_tricks import metrics

PROBABILITIES = special.softmax(0.7 * fixed.FAKE, axis=1)


def test_torch_fidelity_finds_the_same():
    """Values of torch-fidelity 0.4.0, without shuffling, for uneven splits and one."""
    found = metrics.inception_score(PROBABILITIES, splits=7)
    np.testing.assert_allclose(found, [3.329188962404195, 0.35499607225375585])
    found = metrics.inception_score(PROBABILITIES, splits=1)
    np.testing.assert_allclose(found, [3.577237773427439, 0.0])


def test_the_score_is_the_exponential_of_the_mutual_information():
    rows = PROBABILITIES[:20]
    whole = stats.entropy(rows.mean(axis=0)) - np.mean(stats.entropy(rows, axis=1))
    found = metrics.inception_score(rows, 1).mean
    assert found == pytest.approx(np.exp(whole), rel=1e-12)


def test_sure_and_unsure_classifiers():
    sure = np.eye(7)[np.arange(70) % 7]
    assert metrics.inception_score(sure) == pytest.approx((7.0, 0.0))
    one = np.eye(7)[np.full(70, 3)]
    assert metrics.inception_score(one) == (1.0, 0.0)
    tiny = np.array([[1.0, 1e-320], [1e-320, 1.0]])
    assert metrics.inception_score(tiny, 1).mean == pytest.approx(2.0)
    # Each split of sorted rows has one class.
    ordered = np.sort(np.arange(70) % 7)
    assert metrics.inception_score(np.eye(7)[ordered], splits=7).mean == 1.0


def test_half_precision_is_accurate_enough():
    half = PROBABILITIES.astype("float16")
    expected = metrics.inception_score(PROBABILITIES)
    np.testing.assert_allclose(metrics.inception_score(half), expected, rtol=1e-2)
