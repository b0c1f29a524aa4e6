"""Latents drawn from a seed, and generation in parts."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from tfgan_tricks import _checks
from tfgan_tricks import _facts

BATCH_SIZE = 256


def latents(count: Any, latent_dim: int, seed: Any) -> tf.Tensor:
    """Draws latents from N(0, 1), `[count, latent_dim]`, equal for equal seeds."""
    seed = tf.stack([tf.cast(seed, tf.int64), 0])
    return tf.random.stateless_normal([count, latent_dim], seed=seed, alg="philox")


def bytes_each(latent_dim: int, shape: Any) -> int:
    """Returns the bytes of a sample's latents and of two copies of its image.

    Args:
        latent_dim: Length of the latents.
        shape: Shape of a batch of images, or `None` if it is unknown.
    """
    sides = shape[1:] if isinstance(shape, tuple) else ()
    return 4 * (latent_dim + 2 * math.prod(side or 1 for side in sides))


def in_parts(
    function: Callable[..., Any], *tensors: Any, batch_size: int = BATCH_SIZE
) -> np.ndarray:
    """Returns a function's values for all rows, computed `batch_size` at a time."""
    starts = range(0, max(len(tensors[0]), 1), batch_size)
    parts = [[one[start : start + batch_size] for one in tensors] for start in starts]
    return np.concatenate([np.asarray(function(*part)) for part in parts])


def num_classes(generator: Any, given: int | None) -> int | None:
    """Returns the number of classes, given or found, or `None` without a label input.

    Raises:
        ValueError: If the number is neither given nor found, or does not fit the
            generator.
    """
    shapes = ", ".join(map(str, _facts.input_shapes(generator)))
    received = f"num_classes={given!r} with generator.input_shape={shapes}"
    if not _facts.is_conditional(generator):
        if given is not None:
            raise ValueError(
                "`num_classes` must be None: the generator has no label input. "
                f"Received: {received}"
            )
        return None
    found = _facts.num_classes(generator)
    if given is None and found is None:
        raise ValueError(
            "`num_classes` must be given: the generator has a label input, but its "
            f"layers do not determine the number of labels. Received: {received}"
        )
    if given is None:
        return found
    _checks.positive_integer(num_classes=given)
    if found is not None and given > found:
        raise ValueError(
            f"`num_classes` must be at most {found}, the number of labels of the "
            f"generator. Received: {received}"
        )
    return given
