"""Latents that follow from a seed, and generators run on them a part at a time."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from tfgan_tricks import _checks
from tfgan_tricks import _facts

BATCH_SIZE = 256


def latents(count: Any, latent_dim: int, seed: Any) -> tf.Tensor:
    """Returns z ~ N(0, I) of shape `[count, latent_dim]`, the same for equal seeds."""
    seed = tf.stack([tf.cast(seed, tf.int64), 0])
    return tf.random.stateless_normal([count, latent_dim], seed=seed, alg="philox")


def bytes_each(latent_dim: int, shape: Any) -> int:
    """Returns the bytes of a sample's latents, and of its image twice, as a part too.

    Args:
        latent_dim: Length of the latents.
        shape: Shape of a batch of images, as far as it is known.
    """
    sides = shape[1:] if isinstance(shape, tuple) else ()
    return 4 * (latent_dim + 2 * math.prod(side or 1 for side in sides))


def in_parts(
    function: Callable[..., Any], *tensors: Any, batch_size: int = BATCH_SIZE
) -> np.ndarray:
    """Returns a function's values of all rows, computed for `batch_size` at a time."""
    starts = range(0, max(len(tensors[0]), 1), batch_size)
    parts = [[one[start : start + batch_size] for one in tensors] for start in starts]
    return np.concatenate([np.asarray(function(*part)) for part in parts])


def num_classes(generator: Any, told: int | None) -> int | None:
    """Returns how many labels a generator knows, as told or found; `None` without.

    Raises:
        ValueError: If it can be neither, or contradicts the generator.
    """
    shapes = ", ".join(map(str, _facts.input_shapes(generator)))
    received = f"num_classes={told!r} with generator.input_shape={shapes}"
    if not _facts.is_conditional(generator):
        if told is not None:
            raise ValueError(
                "`num_classes` must be None: the generator takes no labels. "
                f"Received: {received}"
            )
        return None
    found = _facts.num_classes(generator)
    if told is None and found is None:
        raise ValueError(
            "`num_classes` must be given: the generator takes labels, but how many it "
            f"knows cannot be told from its layers. Received: {received}"
        )
    if told is None:
        return found
    _checks.positive_integer(num_classes=told)
    if found is not None and told > found:
        raise ValueError(
            f"`num_classes` must be at most {found}, the number of labels that the "
            f"generator knows. Received: {received}"
        )
    return told
