"""The Frechet distance, called FID with the features of one Inception network."""

import numpy as np
from scipy import linalg

from tfgan_tricks.metrics import _blocks
from tfgan_tricks.metrics._blocks import Features


def frechet_distance(real: Features, fake: Features) -> float:
    """Returns the squared Frechet distance of Gaussians fitted to two sets.

        F = ||mu_r - mu_f||^2 + tr(C_r) + tr(C_f) - 2 tr(sqrt(C_r C_f))

    mu and C are the mean and the unbiased covariance of the features. The distance is 0
    for equal means and covariances, and has no upper limit. It is biased: two finite
    sets of one distribution have a distance above 0, which falls as they grow. Compare
    only values with the same extractor and the same numbers of rows, and have more
    rows than features. Only with the features of the official Inception network is it
    the Frechet Inception distance (FID).

    The trace of the root is the sum of the singular values of S_r S_f^T, where
    C = S^T S is a pivoted Cholesky factorization. It is as exact for singular
    covariances, of fewer rows than features, as for others, and always real. A matrix
    root of the product C_r C_f is neither.

    Args:
        real: Features of real examples, floating-point `[n, d]` with n >= 2, or an
            iterable of chunks `[m, d]`. Chunks are read once, and not kept.
        fake: Features of generated examples, as `real`, with the same d.

    Returns:
        The distance, in squared units of the features, at least 0.

    Raises:
        ValueError: If a set has fewer than 2 rows, is not floating-point, or has NaN or
            infinite values, or if the numbers of features differ.

    >>> real = np.random.RandomState(0).normal(size=[1000, 3])
    >>> round(frechet_distance(real, real + [0.0, 3.0, 4.0]), 6)
    25.0

    Reference:
        Heusel et al., 2017, arXiv:1706.08500.
    """
    (mean, root), (other_mean, other_root) = (
        _gaussian(name, features) for name, features in (("real", real), ("fake", fake))
    )
    _blocks.same_width(len(mean), len(other_mean))
    overlap = linalg.svdvals(root @ other_root.T).sum()
    traces = np.sum(root**2) + np.sum(other_root**2)
    return float(max(np.sum((mean - other_mean) ** 2) + traces - 2 * overlap, 0.0))


def _gaussian(name, features):
    """Returns the mean, and a root S of the covariance S^T S."""
    count = 0
    for block in _blocks.blocks(name, features):
        if not count:
            # The covariance of shifted rows is equal, and its sums cancel less.
            shift, total, products = block.mean(axis=0), 0.0, 0.0
        centered = block - shift
        total += centered.sum(axis=0)
        products += centered.T @ centered
        count += len(block)
    _blocks.enough(name, count, 2, " for a covariance")
    mean = total / count
    covariance = (products - count * np.outer(mean, mean)) / (count - 1)
    return shift + mean, _root(covariance)


def _root(covariance):
    """Returns S `[rank, d]` with S^T S = C, ten times faster than eigenvectors do."""
    factor, order, rank, _ = linalg.lapack.dpstrf(covariance)
    root = np.empty([rank, len(covariance)])
    root[:, order - 1] = np.triu(factor)[:rank]
    return root
