import numpy as np
import pytest
from scipy import special

from tests.metrics import fixed
from tfgan_tricks import metrics


@pytest.mark.parametrize("width", [2, 5])
def test_a_shift_has_a_closed_form(width):
    """Each direction sees the shift's projection, whose mean is a ratio of gammas."""
    shift = np.arange(1.0, width + 1)
    real = fixed.REAL[:, :width]
    mean = special.gamma(width / 2) / special.gamma((width + 1) / 2) / np.pi**0.5
    found = metrics.sliced_wasserstein(real, real[::-1] + shift, directions=1500)
    assert found == pytest.approx(mean * np.linalg.norm(shift), rel=0.05)


def test_one_dimension_needs_no_directions():
    ours, theirs = np.array([[0.0], [1.0], [5.0]]), np.array([[7.0], [1.0], [4.0]])
    found = metrics.sliced_wasserstein(ours, theirs, directions=1)
    assert found == pytest.approx((1 + 3 + 2) / 3)
    found = metrics.sliced_wasserstein(ours[:2], theirs[:1], directions=3)
    assert found == pytest.approx((7 + 6) / 2)


def test_a_dilation_has_a_closed_form():
    """Quantiles of a Gaussian and of its double differ by E |u| = sqrt(2 / pi)."""
    levels = (np.arange(4000) + 0.5) / 4000
    real = special.ndtri(levels)[:, None]
    found = metrics.sliced_wasserstein(real, 2 * real[::-1], directions=1)
    assert found == pytest.approx((2 / np.pi) ** 0.5, rel=1e-3)


def test_the_seed_decides_the_directions_and_copies_have_none_between_them():
    def of(seed):
        return metrics.sliced_wasserstein(
            fixed.REAL, fixed.FAKE, directions=4, seed=seed
        )

    assert of(1) == of(1) != of(2)
    doubled = np.repeat(fixed.REAL, 2, axis=0)
    assert metrics.sliced_wasserstein(fixed.REAL, doubled) == pytest.approx(0)
