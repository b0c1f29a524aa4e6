"""The real digits that come with scikit-learn."""

import numpy as np

from tfgan_tricks import _checks
from tfgan_tricks.data import _pictures
from tfgan_tricks.data._source import Source


def load(split: str, image_size: int | None, channels: int | None) -> Source:
    """Returns 1,437 digits to train on, or 360 to test on."""
    if split not in ("train", "test"):
        raise _checks.unknown_name("split", split, ("train", "test"))
    import sklearn.datasets

    digits = sklearn.datasets.load_digits()
    rows = _rows(digits.target, split)
    pictures = np.round(digits.images[rows] * (255 / 16)).astype("uint8")
    pictures = _pictures.fit_array(pictures[..., np.newaxis], image_size, channels)
    return Source(pictures, digits.target[rows].astype("int64"))


def _rows(labels, split):
    """Returns the rows of a split: one in five of each digit is for testing."""
    shuffled = np.lexsort((np.random.RandomState(0).rand(len(labels)), labels))
    is_test = np.arange(len(labels)) % 5 == 0
    return np.sort(shuffled[is_test == (split == "test")])
