"""Means, spreads and paired differences of a score."""

import math
import statistics
from collections.abc import Mapping
from collections.abc import Sequence
from typing import NamedTuple

CONFIDENCE = 0.95


class Summary(NamedTuple):
    """A score over seeds.

    Attributes:
        number: Number of seeds.
        mean: Their mean.
        deviation: Their standard deviation, of n - 1, or `None` for one seed.
    """

    number: int
    mean: float
    deviation: float | None


def summary(values: Sequence[float]) -> Summary:
    """Returns the mean and the spread of at least one value.

    >>> summary([1.0, 2.0, 6.0])
    Summary(number=3, mean=3.0, deviation=2.6457513110645907)
    """
    several = len(values) > 1
    deviation = statistics.stdev(values) if several else None
    return Summary(len(values), statistics.fmean(values), deviation)


class Difference(NamedTuple):
    """A mean difference over the seeds that two configurations share.

    Attributes:
        pairs: Number of shared seeds.
        mean: Mean of the differences.
        low: Lower end of the interval, or `None` for one seed.
        high: Upper end of the interval, or `None` for one seed.
    """

    pairs: int
    mean: float
    low: float | None
    high: float | None

    @property
    def is_noise(self) -> bool:
        """`True` if the interval contains zero, or there is no interval."""
        return self.low is None or self.low <= 0 <= self.high


def difference(
    values: Mapping[int, float], baseline: Mapping[int, float]
) -> Difference | None:
    """Returns the paired difference of two scores by seed, or `None` without pairs.

        low = m - t s / sqrt(n)

    m and s are the mean and the standard deviation of the n differences, and t is the
    quantile of Student's distribution with n - 1 degrees of freedom. `high` is as far
    from m on the other side.

    Args:
        values: Scores of a configuration by seed.
        baseline: Scores of the configuration to compare with, by seed.
    """
    pairs = [values[seed] - baseline[seed] for seed in values if seed in baseline]
    if not pairs:
        return None
    count, mean, deviation = summary(pairs)
    if deviation is None:
        return Difference(count, mean, None, None)
    from scipy.stats import t

    quantile = float(t.ppf((1 + CONFIDENCE) / 2, count - 1))
    half = quantile * deviation / math.sqrt(count)
    return Difference(count, mean, mean - half, mean + half)
