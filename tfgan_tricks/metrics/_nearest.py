"""Nearest training examples of samples, which show whether a generator copies."""

from typing import NamedTuple

import numpy as np

from tfgan_tricks import _checks
from tfgan_tricks.metrics import _blocks
from tfgan_tricks.metrics._blocks import Features


class Neighbors(NamedTuple):
    """Nearest training examples of samples, nearest first.

    Attributes:
        rows: Rows of the training examples, int64 `[m, k]`.
        distances: Euclidean distances to them, float64 `[m, k]`, 0 for exact copies.

    >>> Neighbors(rows=np.array([[2]]), distances=np.array([[0.0]])).rows
    array([[2]])
    """

    rows: np.ndarray
    distances: np.ndarray


def nearest_neighbors(real: Features, fake: Features, k: int = 1) -> Neighbors:
    """Returns the k training examples nearest to each sample.

    Show them next to the samples: a generator that copies repeats its training images.
    The nearest image in pixels can be one that is merely blank or shifted; features of
    a network compare what images show.

    Args:
        real: Training examples or their features, floating-point `[n, d]` with n >= k,
            or an iterable of chunks `[m, d]`, which are kept in memory.
        fake: Generated examples, as `real`, with the same d.
        k: Number of neighbors.

    Returns:
        `Neighbors`, with a row for each sample.

    Raises:
        ValueError: If `k` is out of range, or `real` has fewer than k rows, or a set is
            not floating-point, or has NaN or infinite values, or if the numbers of
            features differ.

    >>> real = np.array([[0.0, 0.0], [1.0, 1.0], [3.0, 4.0]])
    >>> nearest_neighbors(real, np.array([[1.0, 1.0], [3.0, 9.0]])).rows.tolist()
    [[1], [2]]
    """
    _checks.positive_integer(k=k)
    real = _blocks.gathered("real", real, k, f" to have {k} of them")
    return _search(real, "fake", fake, k)


def copying(real: Features, fake: Features, held_out: Features) -> float:
    """Returns how much nearer samples are to training examples than held-out ones are.

        C = P(d(f) < d(h)) + 1/2 P(d(f) = d(h))

    d is the distance to the nearest training example, f a sample and h a held-out real
    example. The score is near 0.5 for a generator that has learned the distribution, 1
    for one that repeats training examples. It is below 0.5 if samples are further from
    the training examples than held-out ones are, as blurred samples are, and then a few
    copies among the samples do not show. Without copying, the standard deviation is
    about sqrt((1/m + 1/n) / 12) for m samples and n held-out examples.

    Args:
        real: The training examples or their features, floating-point `[n, d]`, or an
            iterable of chunks `[m, d]`, which are kept in memory.
        fake: Generated examples, as `real`, with the same d.
        held_out: Real examples that the generator was not trained on, as `real`.

    Returns:
        The score, 0 to 1.

    Raises:
        ValueError: If a set is empty, is not floating-point, or has NaN or infinite
            values, or if the numbers of features differ.

    >>> real, held_out = np.random.RandomState(0).normal(size=[2, 200, 3])
    >>> copying(real, real[:50], held_out)
    1.0

    Reference:
        Meehan et al., 2020, arXiv:2004.05675.
    """
    from scipy import stats

    real = _blocks.gathered("real", real, 1, "")
    near, usual = (
        _search(real, name, features, 1).distances[:, 0]
        for name, features in (("fake", fake), ("held_out", held_out))
    )
    ranks = stats.rankdata(np.concatenate([near, usual]))[: len(near)]
    further = (ranks.sum() - len(near) * (len(near) + 1) / 2) / len(near) / len(usual)
    return float(1 - further)


def _search(real, name, features, k):
    from sklearn.neighbors import NearestNeighbors

    rows = _blocks.gathered(name, features, 1, "")
    _blocks.same_width(real.shape[1], rows.shape[1], name)
    mean = real.mean(axis=0)
    search = NearestNeighbors(n_neighbors=k).fit(real - mean)
    nearest = search.kneighbors(rows - mean, return_distance=False)
    # The search's distances are rounded, and may exceed 0 for exact copies.
    columns = [np.linalg.norm(rows - real[column], axis=1) for column in nearest.T]
    return Neighbors(nearest, np.stack(columns, axis=1))
