"""The real or fake examples of one update."""

from collections.abc import Callable
from typing import Any
from typing import NamedTuple

import tensorflow as tf


class Batch(NamedTuple):
    """Examples of one update, with their labels if there are any.

    Attributes:
        images: Real or fake images or points of shape `[batch, ...]`.
        labels: Labels of the images, or `None` if the networks have no label input.
        labeled: Another `Batch` with the labeled examples of semi-supervised learning,
            or `None`.
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
    """Returns a function's values for a real and a fake batch, in one call if `joint`.

    Values may be nested, such as the outputs of a multi-scale discriminator.
    """
    if not joint:
        return [function(real), function(fake)]
    values = function(real.joined(fake))
    halves = [tf.split(value, 2) for value in tf.nest.flatten(values)]
    return [
        tf.nest.pack_sequence_as(values, half) for half in zip(*halves, strict=True)
    ]


def one_per_update(batches: list, discriminator_steps: int) -> list:
    """Returns one batch for each discriminator update and one for the generator update.

    The last batch is reused if there are fewer.
    """
    last = len(batches) - 1
    return [batches[min(index, last)] for index in range(discriminator_steps + 1)]
