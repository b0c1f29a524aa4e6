"""Modes of mixtures and of stacked digits, and how evenly samples share them."""

from typing import NamedTuple

import numpy as np
from scipy import spatial
from scipy import special

from tfgan_tricks import _checks
from tfgan_tricks.metrics import _blocks
from tfgan_tricks.metrics._blocks import Features

_LIMIT = 3.0
_DIGITS, _CHANNELS = 10, 3


class ModeCount(NamedTuple):
    """Modes of a mixture of Gaussians that samples reach.

    Attributes:
        modes: Number of modes with at least one sample of high quality.
        high_quality: Share of samples of high quality, 0 to 1.
        reverse_kl: Kullback-Leibler divergence of the modes' shares from equal shares,
            in nats, 0 to the logarithm of the number of modes.

    >>> ModeCount(modes=8, high_quality=0.98, reverse_kl=0.001).modes
    8
    """

    modes: int
    high_quality: float
    reverse_kl: float


class StackedDigits(NamedTuple):
    """Modes of stacked digits that samples reach.

    Attributes:
        modes: Number of the 1,000 combinations of digits with at least one sample.
        reverse_kl: Kullback-Leibler divergence of the combinations' shares from equal
            shares, in nats, 0 to 6.91.

    >>> StackedDigits(modes=1000, reverse_kl=0.02).modes
    1000
    """

    modes: int
    reverse_kl: float


def mode_count(
    points: Features, centers: np.ndarray, std: float, convention: str = "circle"
) -> ModeCount:
    """Counts the modes that points hit, of a mixture of equally likely Gaussians.

        KL = sum_k q_k log(K q_k)

    K is the number of modes and q_k the share of mode k. Each point belongs to its
    nearest center. Published numbers follow one of two conventions:

    | `convention` | points of high quality | q_k are shares of |
    |---|---|---|
    | `"circle"` | at most 3 `std` from the center | points of high quality |
    | `"box"` | less than 3 `std` from it along each axis | all points |

    In the plane, 98.9% of the points of the mixture itself have high quality within the
    circle, and 99.5% within the box. The divergence of n such points is about
    (K - 1) / (2n), so state n.

    Args:
        points: Generated points, floating-point `[n, d]`, or an iterable of chunks.
        centers: Centers of the modes, `[K, d]`.
        std: Standard deviation of every mode along each axis.
        convention: "circle" (Srivastava et al.; Lin et al.) or "box" (Liu et al.).

    Returns:
        A `ModeCount`. The circle's divergence is infinite if no point has high quality.

    Raises:
        ValueError: If there are no points, they are not floating-point, have NaN or
            infinite values or another dimension than the centers, or if an argument is
            out of range.

    >>> from tfgan_tricks import data
    >>> mode_count(data.load("ring8").examples[:1000], *data.mixture("ring8")).modes
    8

    Reference:
        Srivastava et al., 2017, arXiv:1705.07761; Lin et al., 2018, arXiv:1712.04086;
        Liu et al., 2020, arXiv:2006.10728.
    """
    if convention not in ("circle", "box"):
        raise _checks.unknown_name("convention", convention, ("circle", "box"))
    _checks.positive(std=std)
    centers = np.asarray(centers, dtype="float64")
    if centers.ndim != 2 or not np.isfinite(centers).all():
        raise ValueError(
            "`centers` must be finite, with a row for each mode. "
            f"Received: centers of shape {centers.shape}"
        )
    tree, order = spatial.KDTree(centers), 2 if convention == "circle" else np.inf
    count, good, every = 0, np.zeros(len(centers)), np.zeros(len(centers))
    for block in _blocks.blocks("points", points):
        _same_dimension(block, centers)
        _, nearest = tree.query(block)
        distance = np.linalg.norm(block - centers[nearest], ord=order, axis=1)
        near = distance <= _LIMIT * std if order == 2 else distance < _LIMIT * std
        good += np.bincount(nearest[near], minlength=len(centers))
        every += np.bincount(nearest, minlength=len(centers))
        count += len(block)
    _blocks.enough("points", count, 1, "")
    return ModeCount(
        modes=int(np.count_nonzero(good)),
        high_quality=float(good.sum() / count),
        reverse_kl=_divergence(good if convention == "circle" else every),
    )


def stacked_digits(digits: np.ndarray) -> StackedDigits:
    """Counts the combinations of three digits that a classifier finds in samples.

        KL = sum_k q_k log(1000 q_k)

    Each example of stacked MNIST has an independent digit in each of its three color
    channels. A classifier of single digits is applied to each channel, and q_k is the
    share of samples with the combination k. For n images with evenly distributed digits
    the divergence is about 999 / (2n): .019 for the 26,000 samples of most papers.

    Args:
        digits: The classifier's classes, integer `[n, 3]`, each 0 to 9.

    Returns:
        A `StackedDigits`.

    Raises:
        ValueError: If `digits` has another shape, another type or other values, or has
            no rows.

    >>> stacked_digits(np.array([[0, 1, 2], [0, 1, 2], [2, 1, 0]])).modes
    2

    Reference:
        Metz et al., 2017, arXiv:1611.02163; Srivastava et al., 2017, arXiv:1705.07761.
    """
    digits = np.asarray(digits)
    fits = digits.ndim == 2 and digits.shape[1] == _CHANNELS and len(digits)
    if not fits or not np.issubdtype(digits.dtype, np.integer):
        raise ValueError(
            "`digits` must be an integer array [n, 3], with the class of each channel. "
            f"Received: digits of {digits.dtype} and shape {digits.shape}"
        )
    if digits.min() < 0 or digits.max() >= _DIGITS:
        raise ValueError(
            "`digits` must be 0 to 9. "
            f"Received: digits from {digits.min()} to {digits.max()}"
        )
    shape = (_DIGITS,) * _CHANNELS
    combinations = np.ravel_multi_index(tuple(digits.T), shape)
    counts = np.bincount(combinations, minlength=_DIGITS**_CHANNELS)
    return StackedDigits(int(np.count_nonzero(counts)), _divergence(counts))


def _divergence(counts):
    """Returns the divergence of shares from equal shares, infinite without any."""
    if not counts.any():
        return float("inf")
    return float(special.rel_entr(counts / counts.sum(), 1 / len(counts)).sum())


def _same_dimension(points, centers):
    if points.shape[1] != centers.shape[1]:
        raise ValueError(
            f"`points` must have {centers.shape[1]} coordinates, as the centers. "
            f"Received: points with {points.shape[1]} coordinates"
        )
