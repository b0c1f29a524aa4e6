"""Skipping, counting and undoing of updates whose gradients overflow in float16."""

import functools
from collections.abc import Callable
from collections.abc import Iterable
from typing import Any

import keras
import tensorflow as tf

from tfgan_tricks import _compat
from tfgan_tricks import replica


class Count(keras.metrics.Metric):
    """A stored count in the logs, which epochs do not reset.

    Args:
        name: Name of the count in the logs.
        read: Function without arguments that returns the count.
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
    """Returns the metrics that count skipped updates, by name."""
    return {
        name: Count(name, functools.partial(getattr, player, "skipped"))
        for player in players
        if player.skipped is not None
        for name in [f"{player.initial}_skipped"]
    }


def needs_loss_scale(*networks: keras.Model) -> bool:
    """Returns `True` if a gradient through all of these networks uses float16."""
    layers = (layer for network in networks for layer in network._flatten_layers())
    return any(layer.compute_dtype == "float16" for layer in layers)


def unscaled(optimizer: Any, gradients: list) -> tuple[list, Any]:
    """Returns the gradients to apply, and whether the optimizer will apply them.

    An optimizer with a loss scale must decide alike on all replicas, but Keras 3.15
    looks at the first replica's gradients before it sums them. This function therefore
    makes one gradient NaN on all replicas if any gradient is NaN or infinite. It takes
    a root, since `enable_check_numerics` would report a constant NaN.
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
    """Calls an update, and restores all state if the update is skipped.

    Moving statistics, singular vectors and historical averages keep their values. The
    update is counted, and the optimizer halves its loss scale.

    Args:
        update: Function that returns `True` if the gradients were applied.
        player: The `Player` that the function updates.
        players: Both players, since an update of one also changes state of the other.
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
