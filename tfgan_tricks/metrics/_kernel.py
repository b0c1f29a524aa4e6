"""The kernel distance, called KID with the features of one Inception network."""

from typing import NamedTuple

import numpy as np

from tfgan_tricks import _checks
from tfgan_tricks.metrics import _blocks
from tfgan_tricks.metrics import _seeded
from tfgan_tricks.metrics._blocks import Features


class KernelDistance(NamedTuple):
    """Kernel distance over subsets.

    Attributes:
        mean: Mean of the subsets' estimates. It is unbiased, so it may be negative.
        std: Standard deviation of the subsets' estimates. It describes one subset, not
            the mean, and is 0 if every subset is the whole of both sets.

    >>> KernelDistance(mean=0.25, std=0.01).mean
    0.25
    """

    mean: float
    std: float


def kernel_distance(
    real: Features,
    fake: Features,
    *,
    subsets: int = 100,
    subset_size: int = 1000,
    seed: int = 0,
) -> KernelDistance:
    """Returns the squared maximum mean discrepancy with a cubic polynomial kernel.

        K = mean_(i != j) k(r_i, r_j) + mean_(i != j) k(f_i, f_j) - 2 mean k(r_i, f_j)
        k(x, y) = (x^T y/d + 1)^3

    Each subset has `subset_size` random rows of each set, without repetition. The
    estimate is unbiased: its expectation is 0 for equal distributions with any number
    of rows, which makes it the better choice for few examples. Only with the features
    of the official Inception network is it the kernel Inception distance (KID).

    Args:
        real: Features of real examples, floating-point `[n, d]`, or an iterable of
            chunks `[m, d]`, which are kept in memory.
        fake: Features of generated examples, as `real`, with the same d.
        subsets: Number of subsets.
        subset_size: Rows of each set in a subset, at least 2 and at most the rows of
            the smaller set.
        seed: Seed of the subsets.

    Returns:
        A `KernelDistance`, the mean and standard deviation over the subsets.

    Raises:
        ValueError: If a set has fewer than `subset_size` rows, is not floating-point,
            or has NaN or infinite values, if the numbers of features differ, or if an
            argument is out of range.

    >>> real, fake = np.random.RandomState(0).normal(size=[2, 200, 3])
    >>> kernel_distance(real, fake + 1.0, subsets=10, subset_size=100).mean > 3.0
    True

    Reference:
        Binkowski et al., 2018, arXiv:1801.01401.
    """
    _checks.positive_integer(subsets=subsets, subset_size=subset_size)
    random = _seeded.random(seed)
    if subset_size < 2:
        raise ValueError(
            "`subset_size` must be at least 2: the estimate compares different rows. "
            f"Received: subset_size={subset_size}"
        )
    why = ", the `subset_size`"
    real = _blocks.gathered("real", real, subset_size, why)
    fake = _blocks.gathered("fake", fake, subset_size, why)
    _blocks.same_width(real.shape[1], fake.shape[1])
    estimates = [
        _discrepancy(*(_some(rows, subset_size, random) for rows in (real, fake)))
        for _ in range(subsets)
    ]
    return KernelDistance(float(np.mean(estimates)), float(np.std(estimates)))


def _some(rows, count, random):
    return rows[random.permutation(len(rows))[:count]]


def _discrepancy(real, fake):
    """Returns the unbiased estimate from two sets with equally many rows."""
    pairs = len(real) * (len(real) - 1)
    within = sum(_kernel(x, x).sum() - _kernel_of_self(x).sum() for x in (real, fake))
    return within / pairs - 2 * _kernel(real, fake).mean()


def _kernel(one, two):
    return (one @ two.T / one.shape[1] + 1) ** 3


def _kernel_of_self(rows):
    return (np.sum(rows**2, axis=1) / rows.shape[1] + 1) ** 3
