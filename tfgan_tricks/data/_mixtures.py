"""Mixtures of Gaussians in the plane, whose modes can be counted."""

from typing import NamedTuple

import numpy as np

from tfgan_tricks import _checks
from tfgan_tricks.data._source import Source

_NUM_POINTS = 100_000
_SEEDS = {"train": 0, "test": 1}


class Mixture(NamedTuple):
    """Equally likely round Gaussians in the plane: `x = centers[k] + std * n`.

    Attributes:
        centers: Centers of the modes, float64 `[modes, 2]`.
        std: Standard deviation of every mode along each axis.

    >>> Mixture(centers=np.zeros([1, 2]), std=1.0).std
    1.0
    """

    centers: np.ndarray
    std: float


def _ring8():
    angles = 2 * np.pi * np.arange(8) / 8
    return Mixture(np.stack([np.cos(angles), np.sin(angles)], axis=1), std=0.01)


def _grid25():
    steps = np.arange(-4.0, 5.0, 2.0)
    return Mixture(np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2), 0.05)


_MIXTURES = {"ring8": _ring8, "grid25": _grid25}


def mixture(name: str) -> Mixture:
    """Returns the mixture behind `load(name)`, to measure which modes were found.

    `ring8` has 8 modes on a circle of radius 1, with standard deviation 0.01. `grid25`
    has 25 modes at {-4, -2, 0, 2, 4}^2, with standard deviation 0.05.

    Args:
        name: "ring8" or "grid25".

    Returns:
        A `Mixture`.

    Raises:
        ValueError: If the name is unknown.

    >>> mixture("grid25").centers.shape
    (25, 2)

    Reference:
        Srivastava et al., 2017, arXiv:1705.07761; the settings of Lin et al., 2018,
        arXiv:1712.04086.
    """
    if name not in _MIXTURES:
        raise _checks.unknown_name("name", name, _MIXTURES)
    return _MIXTURES[name]()


def load(name: str, split: str, image_size: int | None, channels: int | None) -> Source:
    """Returns 100,000 points of a mixture, each labeled with its mode."""
    if split not in _SEEDS:
        raise _checks.unknown_name("split", split, _SEEDS)
    if (image_size, channels) != (None, None):
        raise ValueError(
            f"`image_size` and `channels` must be None for the points of {name}. "
            f"Received: image_size={image_size!r}, channels={channels!r}"
        )
    centers, std = mixture(name)
    # RandomState draws the same numbers in every version of numpy.
    random = np.random.RandomState(_SEEDS[split])
    modes = random.randint(len(centers), size=_NUM_POINTS)
    points = centers[modes] + std * random.randn(_NUM_POINTS, 2)
    return Source(points.astype("float32"), modes.astype("int64"))
