"""Gradients of a batch, summed over equal parts of it to save memory.

The losses of a batch are means over its examples. If each example's term depends on no
other example, the gradients of the parts add up to the gradients of the whole batch.
"""

from collections.abc import Callable
from collections.abc import Iterable
from typing import Any
from typing import NamedTuple

import tensorflow as tf

from tfgan_tricks import _checks
from tfgan_tricks import _parts
from tfgan_tricks import replica
from trainers import _ordering
from trainers import _schedules
from trainers._batch import Batch


class Descent(NamedTuple):
    """The named terms of a network's objective, and the gradients of their sum."""

    terms: dict[str, tf.Tensor]
    gradients: list


def check(trainer: Any) -> None:
    """Raises `ValueError` if the trainer's updates cannot process parts of a batch."""
    count = trainer.micro_batches
    _checks.positive_integer(micro_batches=count)
    if count == 1:
        return
    for name in ("joint_batch", "reuse_fake_batch"):
        if getattr(trainer, name):
            raise ValueError(
                f"`{name}` must be False with `micro_batches` above 1: it needs a "
                f"whole batch at once. Received: {name}=True, micro_batches={count}"
            )
    if "relativistic_average" in _names(trainer.adversarial_loss.config):
        refuse_statistics(trainer, "a relativistic average loss")
    check_networks(trainer)


def check_networks(trainer: Any) -> None:
    """Raises `ValueError` if a layer is known to mix the examples of a batch."""
    mixing = [
        layer
        for player in trainer.players
        for layer in _schedules.mixing_layers(player.network)
    ]
    if mixing and trainer.micro_batches > 1:
        refuse_statistics(trainer, ", ".join(mixing))


def refuse_statistics(trainer: Any, what: str) -> None:
    """Raises `ValueError` unless the trainer processes whole batches.

    Args:
        trainer: The trainer.
        what: What needs statistics of the whole batch.
    """
    if trainer.micro_batches > 1:
        raise ValueError(
            "`micro_batches` must be 1 for losses, penalties and layers with "
            "statistics of the whole batch: a part of the batch has other statistics. "
            f"Received: micro_batches={trainer.micro_batches} with {what}"
        )


def descents(
    trainer: Any,
    function: Callable[[Batch], tuple[Descent, ...]],
    real: Batch,
    players: Iterable[Any],
) -> tuple[Descent, ...]:
    """Returns a function's `Descent`s for a batch, computed in parts.

    Args:
        trainer: The trainer, which states the number of parts.
        function: Function of a `Batch` that returns a `Descent` for each player, with
            the part's share in the gradients of the whole batch.
        real: Real images of the whole batch.
        players: The players of the `Descent`s.
    """
    count = trainer.micro_batches
    if count == 1:
        return function(real)
    check_networks(trainer)
    rows = replica.global_rows(_size(real.images))
    real = tf.nest.map_structure(lambda x: _divisible(x, count), real)

    def of_part(index, first=None):
        part = _parts.Part(index, *rows, first)
        with _parts.current.set_to(part):
            done = function(_part(real, index, count))
        _refuse_losses_of_calls(players, count)
        return part, done

    first, done = of_part(0)
    # The loop is one graph for all other parts. It waits for the first part, and each
    # part for the last, so that only one is in memory.
    start = _ordering.waiting_for_all([tf.constant(1), *_present(done)])

    def add(index, *sums):
        _, more = of_part(index, first)
        pairs = zip(sums, _present(more), strict=True)
        return [index + 1, *(total + value for total, value in pairs)]

    _, *sums = tf.while_loop(
        lambda index, *_: index < count, add, start, parallel_iterations=1
    )
    return tuple(
        each._replace(terms={k: value / count for k, value in each.terms.items()})
        for each in _with_present(done, sums)
    )


def _names(config):
    """Returns the names in the configuration of a loss and of its base."""
    while isinstance(config, dict):
        yield config["name"]
        config = config.get("base")


def _size(x):
    return tf.shape(x)[0] if x.shape[0] is None else x.shape[0]


def _divisible(x, count):
    """Asserts that the rows of a tensor can be divided into equal parts."""
    if x is None:
        return None
    told = (
        f"`x` must consist of batches of a multiple of micro_batches={count} examples "
        "on each replica. Received: examples="
    )
    size = _size(x)
    if isinstance(size, int):
        if size % count:
            raise ValueError(f"{told}{size}")
        return x
    with tf.control_dependencies(
        [tf.debugging.Assert(size % count == 0, [told, size])]
    ):
        return tf.identity(x)


def _part(batch, index, count):
    def rows(x):
        if x is None:
            return None
        size = _size(x) // count
        part = x[index * size : (index + 1) * size]
        return tf.ensure_shape(part, [size if x.shape[0] else None, *x.shape[1:]])

    return tf.nest.map_structure(rows, batch)


def _refuse_losses_of_calls(players, count):
    for player in players:
        if player.has_losses_of_calls:
            raise ValueError(
                f"`{player.role}` must have no layers that add losses when they are "
                "called (`add_loss`, `activity_regularizer`) with `micro_batches` "
                "above 1: such a loss may be a sum or a mean over a batch. "
                f"Received: micro_batches={count}"
            )


def _present(done):
    """Returns the tensors of `Descent`s as a list, without missing gradients."""
    return [
        tf.convert_to_tensor(each)
        for descent in done
        for each in [*descent.terms.values(), *descent.gradients]
        if each is not None
    ]


def _with_present(done, values):
    """Returns `Descent`s with other values, from a list as `_present` returns it."""
    left = iter(values)
    return [
        Descent(
            {name: next(left) for name in descent.terms},
            [each if each is None else next(left) for each in descent.gradients],
        )
        for descent in done
    ]
