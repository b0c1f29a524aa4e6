"""What a data set is once it is in memory."""

from typing import NamedTuple

import numpy as np


class Source(NamedTuple):
    """Examples in memory, with their labels where they have some.

    Attributes:
        examples: pictures, uint8 `[N, height, width, channels]`, or points, float32
            `[N, 2]`.
        labels: int64 `[N]`, or `None`.
        skipped: how many pictures could not be read.
        label_names: the names of labels 0, 1, ..., where labels stand for names.
        left_out: the suffixes of the files that were no pictures of a known format,
            each with the number of such files.

    >>> Source(np.zeros([5, 8, 8, 1], "uint8")).skipped
    0
    """

    examples: np.ndarray
    labels: np.ndarray | None = None
    skipped: int = 0
    label_names: tuple[str, ...] = ()
    left_out: tuple[tuple[str, int], ...] = ()
