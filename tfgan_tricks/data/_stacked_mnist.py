"""Stacked MNIST: three digits in the color channels of one image."""

import numpy as np

from tfgan_tricks.data import _pictures
from tfgan_tricks.data import _tfds
from tfgan_tricks.data._source import Source

NUM_EXAMPLES = 128_000
_NAMES = tuple(f"{number:03}" for number in range(1000))
_SEEDS = {"train": 0, "test": 1}


def load(
    split: str,
    image_size: int | None,
    channels: int | None,
    data_dir: str | None,
    download: bool,
) -> Source:
    """Returns 128,000 images, each of three digits that are drawn independently."""
    if split not in _SEEDS:
        raise ValueError(f"`split` must be train or test. Received: split={split!r}")
    if channels == 1:
        raise ValueError(
            "`channels` must be 3 or None for stacked_mnist. Received: channels=1"
        )
    _pictures.check_memory(NUM_EXAMPLES, image_size or 28, 3)
    source = _tfds.load("mnist", split, image_size, 1, data_dir, download)
    digits, labels = source.examples[..., 0], np.asarray(source.labels)
    draw = np.random.RandomState(_SEEDS[split])  # Its stream never changes.
    rows = draw.randint(len(digits), size=[NUM_EXAMPLES, 3])
    images = np.stack([digits[row] for row in rows.T], axis=-1)
    return Source(images, labels[rows] @ [100, 10, 1], label_names=_NAMES)
