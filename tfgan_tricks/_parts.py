"""Equal parts of a batch that an update processes one after another."""

import collections
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tfgan_tricks._scoped import Scoped

# The `Part` that is being processed, or `None`.
current = Scoped()


class Part:
    """One of several equal parts of a replica's batch.

    The first part is computed before the others, which may be iterations of one loop.

    Args:
        index: Number of the part, from 0.
        global_rows: Number of rows of the global batch.
        first_row: Number of the replica's first row in the global batch.
        first: The first `Part` of the same batch, or `None` if it is this one.
    """

    def __init__(
        self,
        index: Any,
        global_rows: Any,
        first_row: Any,
        first: "Part | None" = None,
    ):
        self._index = index
        self._rows = global_rows, first_row
        self._graph = tf.compat.v1.get_default_graph()
        self._drawn: dict[int, list] = collections.defaultdict(list)
        self._left: dict[int, list] | None = None
        if first is not None:
            self._left = {key: [*drawn] for key, drawn in first._drawn.items()}

    def rows(self, size: Any) -> tuple[Any, Any]:
        """Returns the number of rows of the global batch, and the part's first row.

        Args:
            size: Number of rows of the part.
        """
        global_rows, first_row = self._rows
        return global_rows, first_row + self._index * size

    def drawn(self, owner: Any, draw: Callable[[], tf.Tensor]) -> tf.Tensor:
        """Returns what `draw` returns in the first part, for each call of an owner."""
        if self._left is not None:
            return self._left[id(owner)].pop(0)
        if tf.compat.v1.get_default_graph() is not self._graph:
            raise ValueError(
                "`micro_batches` must be 1 if a layer that draws noise is called in a "
                "branch, as in a penalty with `every` above 1: all parts of a batch "
                "must draw from the same seed. "
                f"Received: layer {getattr(owner, 'name', owner)!r}"
            )
        value = draw()
        self._drawn[id(owner)].append(value)
        return value


def same_in_all(owner: Any, draw: Callable[[], tf.Tensor]) -> tf.Tensor:
    """Returns a new value for each call of a layer, the same in all parts of a batch.

    Args:
        owner: The layer.
        draw: Function that returns the value, and changes state of the layer.

    >>> layer, numbers = object(), iter([5, 6, 7])
    >>> draw = lambda: next(numbers)
    >>> first = Part(0, 4, 0)
    >>> with current.set_to(first):
    ...     same_in_all(layer, draw), same_in_all(layer, draw)
    (5, 6)
    >>> with current.set_to(Part(1, 4, 0, first)):
    ...     same_in_all(layer, draw), same_in_all(layer, draw)
    (5, 6)
    """
    part = current.value
    return draw() if part is None else part.drawn(owner, draw)


def refuse_statistics(function: str) -> None:
    """Raises `ValueError` if only a part of the batch is known."""
    if current.value is not None:
        raise ValueError(
            "`micro_batches` must be 1 for losses, penalties and layers with "
            "statistics of the whole batch: a part of the batch has other statistics. "
            f"Received: a call of `replica.{function}` in a part of the batch"
        )
