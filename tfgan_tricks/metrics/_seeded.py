"""Random numbers of a seed."""

import numpy as np

from tfgan_tricks import _checks


def random(seed: int) -> np.random.RandomState:
    """Returns a source of numbers that are equal in every version of numpy."""
    _checks.integer(seed=seed)
    return np.random.RandomState(seed % (1 << 32))
