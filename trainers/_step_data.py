"""The data of one training step: several batches."""

from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

import tensorflow as tf


class StepData(NamedTuple):
    """One element for a training step: as many batches as it draws."""

    batches: tuple


def split(data: Any, count: int) -> list:
    """Returns `count` batches, from a `StepData` or from one batch of all examples.

    Every `count`-th example of the latter goes to the same batch, so that a replica's
    share of it has a share of each.
    """
    if isinstance(data, StepData):
        return list(data.batches)
    if count == 1:
        return [data]
    return [
        tf.nest.map_structure(lambda x: x[index::count], data)  # noqa: B023
        for index in range(count)
    ]


def pairs(data: Any, count: int) -> list[Sequence]:
    """Returns `count` pairs of images and labels, or `None` for labels."""
    return [
        batch if isinstance(batch, (tuple, list)) else (batch, None)
        for batch in split(data, count)
    ]
