"""The real or fake examples of one update."""

from collections.abc import Callable
from typing import Any
from typing import NamedTuple

import tensorflow as tf


class Batch(NamedTuple):
    """Examples, and what is known of them.

    Attributes:
        images: Real or fake images, or points, `[batch, ...]`.
        labels: Their labels, where the networks take labels.
        labeled: Another `Batch`, of labeled examples, in semi-supervised learning.
    """

    images: tf.Tensor
    labels: tf.Tensor | None = None
    labeled: Any = None

    def joined(self, other: "Batch") -> "Batch":
        """Returns both batches, concatenated on axis 0."""
        pairs = [(self.images, tf.cast(other.images, self.images.dtype))]
        if self.labels is not None:
            pairs.append((self.labels, other.labels))
        joined = [tf.concat(pair, axis=0) for pair in pairs]
        return self._replace(**dict(zip(self._fields, joined, strict=False)))


def of_both(function: Callable, real: Batch, fake: Batch, joint: bool) -> list:
    """Returns a function's values of a real and a fake batch, by one call if `joint`.

    Values may be nested, as those of a discriminator with several outputs.
    """
    if not joint:
        return [function(real), function(fake)]
    values = function(real.joined(fake))
    halves = [tf.split(value, 2) for value in tf.nest.flatten(values)]
    return [
        tf.nest.pack_sequence_as(values, half) for half in zip(*halves, strict=True)
    ]


def one_per_update(batches: list, discriminator_steps: int) -> list:
    """Returns a batch for each discriminator update, and one for the generator's.

    Where there are fewer, the last one serves again.
    """
    last = len(batches) - 1
    return [batches[min(index, last)] for index in range(discriminator_steps + 1)]
