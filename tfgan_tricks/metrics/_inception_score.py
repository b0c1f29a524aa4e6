"""The inception score's formula, for the probabilities of any classifier."""

from typing import NamedTuple

import numpy as np
from scipy import special

from tfgan_tricks import _checks
from tfgan_tricks.metrics import _blocks
from tfgan_tricks.metrics._blocks import Features

# Sums of a thousand probabilities in half precision differ from 1 by less.
_TOLERANCE = 5e-3


class InceptionScore(NamedTuple):
    """Inception score over splits.

    Attributes:
        mean: Mean of the splits' scores, 1 to the number of classes.
        std: Standard deviation of the splits' scores.

    >>> InceptionScore(mean=9.5, std=0.1).mean
    9.5
    """

    mean: float
    std: float


def inception_score(probabilities: Features, splits: int = 10) -> InceptionScore:
    """Returns the inception score of class probabilities of generated examples.

        S = exp(mean_i(sum_c p_c(x_i) log(p_c(x_i) / q_c)))   q = mean_i(p(x_i))

    The score is high if the classifier is sure of every example, and sees each class
    equally often. It compares with no real example, so a generator with one perfect
    image of each class has the best score.

    Each split is a range of consecutive rows, as in the paper's code, so the rows must
    be in random order. Sorted by class, every split has few classes, and the score is
    too low. More rows in a split give a higher score.

    Args:
        probabilities: A classifier's probabilities for generated examples,
            floating-point `[n, classes]`, or an iterable of chunks. Rows sum to 1.
        splits: Number of splits, at least 1 and at most n. The paper has 50,000
            examples in 10 splits.

    Returns:
        An `InceptionScore`, the mean and standard deviation over the splits.

    Raises:
        ValueError: If rows are not probabilities that sum to 1, for example logits, or
            there are fewer rows than splits.

    >>> inception_score(np.eye(4), splits=1).mean
    4.0
    >>> inception_score(np.full([20, 4], 0.25)).mean
    1.0

    Reference:
        Salimans et al., 2016, arXiv:1606.03498.
    """
    _checks.positive_integer(splits=splits)
    why = ", one for each of `splits`"
    rows = _blocks.gathered("probabilities", probabilities, splits, why)
    _check(rows)
    bounds = np.arange(splits + 1) * len(rows) // splits
    scores = [_score(rows[a:b]) for a, b in zip(bounds, bounds[1:], strict=False)]
    return InceptionScore(float(np.mean(scores)), float(np.std(scores)))


def _score(rows):
    gain = special.rel_entr(rows, rows.mean(axis=0)).sum(axis=1)
    return np.exp(gain.mean())


def _check(rows):
    sums = rows.sum(axis=1)
    worst = sums[np.abs(sums - 1).argmax()]
    if rows.min() < 0 or abs(worst - 1) > _TOLERANCE:
        raise ValueError(
            "`probabilities` must be at least 0, and each row must sum to 1. Apply a "
            "softmax to logits. Received: probabilities with a smallest value of "
            f"{rows.min():.6g} and a row that sums to {worst:.6g}"
        )
