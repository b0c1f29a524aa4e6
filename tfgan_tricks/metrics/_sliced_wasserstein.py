"""The sliced Wasserstein distance."""

import numpy as np

from tfgan_tricks import _checks
from tfgan_tricks.metrics import _blocks
from tfgan_tricks.metrics import _seeded
from tfgan_tricks.metrics._blocks import Features


def sliced_wasserstein(
    real: Features, fake: Features, *, directions: int = 512, seed: int = 0
) -> float:
    """Returns the mean Wasserstein distance of two sets along random directions.

        W = mean_u(W_1(u^T r, u^T f))

    W_1 is the area between the cumulative distributions of two sets of numbers, and u
    is uniform on the unit sphere. The sets may differ in size. The distance compares
    whole distributions, where the Frechet distance compares means and covariances. Two
    finite sets of one distribution have a distance above 0, which falls as they grow.

    Args:
        real: Features of real examples, floating-point `[n, d]`, or an iterable of
            chunks `[m, d]`. Only their `directions` projections are kept.
        fake: Features of generated examples, as `real`, with the same d.
        directions: Number of directions.
        seed: Seed of the directions.

    Returns:
        The distance, in units of the features, at least 0.

    Raises:
        ValueError: If a set is empty, is not floating-point, or has NaN or infinite
            values, if the numbers of features differ, or if an argument is out of
            range.

    >>> real = np.random.RandomState(0).normal(size=[1000, 1])
    >>> round(sliced_wasserstein(real, real + 3.0), 6)
    3.0

    Reference:
        Rabin et al., 2011; Karras et al., 2018, arXiv:1710.10196 (of patches).
    """
    from scipy import stats

    _checks.positive_integer(directions=directions)
    projected = [
        _projections(name, features, directions, seed)
        for name, features in (("real", real), ("fake", fake))
    ]
    (ours, width), (theirs, other_width) = projected
    _blocks.same_width(width, other_width)
    pairs = zip(ours, theirs, strict=True)
    return float(np.mean([stats.wasserstein_distance(*pair) for pair in pairs]))


def _projections(name, features, count, seed):
    """Returns the projections `[count, n]` of a set, and its number of features."""
    axes = np.empty([count, 0])
    parts: list[np.ndarray] = []
    for block in _blocks.blocks(name, features):
        if not parts:
            axes = _directions(count, block.shape[1], seed)
        parts.append(axes @ block.T)
    _blocks.enough(name, len(parts), 1, "")
    return np.concatenate(parts, axis=1), axes.shape[1]


def _directions(count, width, seed):
    """Returns unit vectors `[count, width]`, equal for both sets."""
    vectors = _seeded.random(seed).normal(size=[count, width])
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
