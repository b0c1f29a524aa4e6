"""Scores of balls around examples, which reach to their k-th nearest neighbors."""

from typing import NamedTuple

import numpy as np

from tfgan_tricks import _checks
from tfgan_tricks.metrics import _blocks
from tfgan_tricks.metrics._blocks import Features

# Distances of all pairs would need 800 MB for 10,000 examples of each kind.
_MEGABYTES = 64


class PrecisionRecall(NamedTuple):
    """Improved precision and recall.

    Attributes:
        precision: Share of generated examples within the real ones, 0 to 1.
        recall: Share of real examples within the generated ones, 0 to 1.

    >>> PrecisionRecall(precision=0.75, recall=0.5).recall
    0.5
    """

    precision: float
    recall: float


class DensityCoverage(NamedTuple):
    """Density and coverage.

    Attributes:
        density: Mean number of real balls around a generated example, divided by k. It
            is 1 for equal distributions and may exceed 1.
        coverage: Share of real examples with a generated one in their ball, 0 to 1.

    >>> DensityCoverage(density=1.25, coverage=0.5).coverage
    0.5
    """

    density: float
    coverage: float


def precision_recall(real: Features, fake: Features, k: int = 3) -> PrecisionRecall:
    """Returns the shares of each set that are within the balls of the other set.

        P = mean_j(max_i [||f_j - r_i|| <= R_i])
        R = mean_i(max_j [||r_i - f_j|| <= F_j])

    R_i and F_j are the distances of r_i and f_j to their k-th nearest neighbor in their
    own set, without themselves. Precision tells whether samples look real, and recall
    whether they are as varied as the data. Neither is 1 for equal distributions, and
    both depend on the numbers of rows and on k. A single real outlier has a large ball,
    which raises precision; `density_coverage` is less sensitive to it.

    Args:
        real: Features of real examples, floating-point `[n, d]` with n > k, or an
            iterable of chunks `[m, d]`, which are kept in memory.
        fake: Features of generated examples, as `real`, with the same d. The paper
            takes equally many of both.
        k: Number of the neighbor that a ball reaches, at least 1.

    Returns:
        A `PrecisionRecall`.

    Raises:
        ValueError: If `k` is out of range, or a set has at most k rows, is not
            floating-point, or has NaN or infinite values, or if the numbers of features
            differ.

    >>> real = np.random.RandomState(0).normal(size=[500, 2])
    >>> precision, recall = precision_recall(real, 0.1 * real)
    >>> precision > 0.95, recall < 0.1
    (True, True)

    Reference:
        Kynkaanniemi et al., 2019, arXiv:1904.06991.
    """
    real, fake = _two_sets(real, fake, k)
    return PrecisionRecall(
        precision=_shares(real, fake, k).inside, recall=_shares(fake, real, k).inside
    )


def density_coverage(real: Features, fake: Features, k: int = 5) -> DensityCoverage:
    """Returns how densely samples lie in real balls, and the share of balls with one.

        D = 1/k mean_j(sum_i [||f_j - r_i|| <= R_i])
        C = mean_i(max_j [||f_j - r_i|| <= R_i])

    R_i is the distance of r_i to its k-th nearest neighbor among the other real
    examples. With equally many rows of one distribution, n each, the expectations are 1
    for the density, and for the coverage

        C = 1 - (n - 1) ... (n - k) / ((2n - 1) ... (2n - k))

    which is 0.969 for k = 5 and large n.

    Args:
        real: Features of real examples, floating-point `[n, d]` with n > k, or an
            iterable of chunks `[m, d]`, which are kept in memory.
        fake: Features of generated examples, as `real`, with the same d.
        k: Number of the neighbor that a ball reaches, at least 1.

    Returns:
        A `DensityCoverage`.

    Raises:
        ValueError: If `k` is out of range, or a set has at most k rows, is not
            floating-point, or has NaN or infinite values, or if the numbers of features
            differ.

    >>> real = np.random.RandomState(0).normal(size=[500, 2])
    >>> density, coverage = density_coverage(real, 0.1 * real)
    >>> density > 1.0, coverage < 0.2
    (True, True)

    Reference:
        Naeem et al., 2020, arXiv:2002.09797.
    """
    real, fake = _two_sets(real, fake, k)
    shares = _shares(real, fake, k)
    return DensityCoverage(density=shares.balls / k, coverage=shares.hit)


def _two_sets(real, fake, k):
    """Returns both sets around the real one's mean, where rounding errors are small."""
    _checks.positive_integer(k=k)
    why = f" to have {k} neighbors"
    real = _blocks.gathered("real", real, k + 1, why)
    fake = _blocks.gathered("fake", fake, k + 1, why)
    _blocks.same_width(real.shape[1], fake.shape[1])
    mean = real.mean(axis=0)
    return real - mean, fake - mean


class _Shares(NamedTuple):
    """Mean balls around an example, share of examples in any, share of balls hit."""

    balls: float
    inside: float
    hit: float


def _shares(centers, examples, k):
    """Compares examples with the balls of centers, some rows of distances at a time."""
    from sklearn.metrics import pairwise_distances_chunked

    limits = _radii(centers, k) ** 2 + _rounding(centers, examples)
    hit = np.zeros(len(centers), dtype=bool)

    def compare(squares, _):
        inside = squares <= limits
        hit[inside.any(axis=0)] = True
        return inside.sum(axis=1)

    # Squares come from matrix products, the only fast way with many features.
    chunks = pairwise_distances_chunked(
        examples, centers, reduce_func=compare, working_memory=_MEGABYTES, squared=True
    )
    count = np.concatenate(list(chunks))
    return _Shares(*(float(np.mean(each)) for each in (count, count > 0, hit)))


def _radii(rows, k):
    """Returns the distance of each row to its k-th nearest neighbor, without itself."""
    from sklearn.neighbors import NearestNeighbors

    return NearestNeighbors(n_neighbors=k).fit(rows).kneighbors()[0][:, -1]


def _rounding(*sets):
    """Returns a bound on errors of squared distances, so that copies count as equal."""
    largest = max(np.sum(rows**2, axis=1).max() for rows in sets)
    return 4 * np.finfo("float64").eps * sets[0].shape[1] * largest
