"""Updates whose gradients overflow in float16: skipped, counted and undone."""

import functools
from collections.abc import Callable
from collections.abc import Iterable
from typing import Any

import keras
import tensorflow as tf

from tfgan_tricks import _compat
from tfgan_tricks import replica


class Count(keras.metrics.Metric):
    """Shows a stored count in the logs; it is not of one epoch, so nothing resets it.

    Args:
        name: of the count in the logs.
        read: a function without arguments that returns it.
    """

    def __init__(self, name: str, read: Callable[[], Any]):
        super().__init__(name=name)
        self.read = read

    def update_state(self) -> None:
        pass

    def result(self) -> tf.Tensor:
        return tf.identity(self.read())

    def reset_state(self) -> None:
        pass


def counts(players: Iterable[Any]) -> dict[str, Count]:
    """The metrics that show how many updates were skipped, by name."""
    return {
        name: Count(name, functools.partial(getattr, player, "skipped"))
        for player in players
        if player.skipped is not None
        for name in [f"{player.initial}_skipped"]
    }


def needs_loss_scale(*networks: keras.Model) -> bool:
    """Whether a gradient that passes through all of them does so in float16."""
    layers = (layer for network in networks for layer in network._flatten_layers())
    return any(layer.compute_dtype == "float16" for layer in layers)


def unscaled(optimizer: Any, gradients: list) -> tuple[list, Any]:
    """Gradients to apply, and whether an optimizer with a loss scale will do so.

    It must on all replicas or on none, but Keras 3.15 decides by the first replica's
    gradients, before it sums them. So one of them is made NaN if any is not finite,
    by a root: a constant NaN would be found by `enable_check_numerics`.
    """
    gradients = _compat.unscale_gradients(optimizer, gradients)
    if not isinstance(optimizer, keras.mixed_precision.LossScaleOptimizer):
        return gradients, True
    wrong = [tf.reduce_any(~tf.math.is_finite(_values(g))) for g in _present(gradients)]
    share = replica.global_mean(tf.cast(tf.reduce_any(wrong), tf.float32))
    poison = tf.sqrt(-share)
    first = next(i for i, gradient in enumerate(gradients) if gradient is not None)
    poisoned = [*gradients]
    poisoned[first] = tf.convert_to_tensor(gradients[first]) + poison
    return poisoned, share <= 0.0


def _present(gradients):
    return [gradient for gradient in gradients if gradient is not None]


def _values(gradient):
    return gradient.values if isinstance(gradient, tf.IndexedSlices) else gradient


def run_or_undo(update: Callable[[], Any], player: Any, players: Iterable[Any]) -> None:
    """Calls an update, so that one that is skipped leaves nothing but its count.

    Moving statistics, singular vectors and historical averages are what they were.

    Args:
        update: A function that returns `True` if the gradients were applied.
        player: The `Player` that it updates.
        players: Both of them: to update one moves state of the other, too.
    """
    if player.skipped is None:
        update()
        return
    state = [variable for each in players for variable in each.state]
    before = [tf.identity(variable) for variable in state]
    is_finite = update()
    player.skipped.assign_add(tf.cast(~is_finite, tf.int64))
    for variable, value in zip(state, before, strict=True):
        variable.assign(tf.where(is_finite, tf.identity(variable), value))
