"""The batches of one training step."""

from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

import tensorflow as tf


class StepData(NamedTuple):
    """All batches of one training step."""

    batches: tuple


def split(data: Any, count: int) -> list:
    """Returns `count` batches, from a `StepData` or from one batch of all examples.

    Every `count`-th example of one batch goes to the same result, so that each
    replica's share contains a share of each result.
    """
    if isinstance(data, StepData):
        return list(data.batches)
    if count == 1:
        return [data]

    def every(index):
        # Copies whole rows. A slice with a step would copy number by number.
        return lambda x: tf.gather(x, tf.range(index, tf.shape(x)[0], count))

    return [tf.nest.map_structure(every(index), data) for index in range(count)]


def pairs(data: Any, count: int) -> list[Sequence]:
    """Returns `count` pairs of images and labels, or of images and `None`."""
    return [
        batch if isinstance(batch, (tuple, list)) else (batch, None)
        for batch in split(data, count)
    ]
