"""Updates whose gradients overflow in float16: skipped, counted and undone."""

import functools
import math

import keras
import tensorflow as tf

from tfgan_tricks import _compat
from tfgan_tricks import _replica


class Count(keras.metrics.Metric):
    """Shows a stored count in the logs; it is not of one epoch, so nothing resets it.

    Args:
        name: of the count in the logs.
        read: a function without arguments that returns it.
    """

    def __init__(self, name, read):
        super().__init__(name=name)
        self.read = read

    def update_state(self):
        pass

    def result(self):
        return tf.identity(self.read())

    def reset_state(self):
        pass


def counts(trainer):
    """Makes a count of skipped updates for each player that needs a loss scale."""
    players = {"d": [trainer.discriminator]}
    players["g"] = [trainer.generator, trainer.discriminator]
    metrics = {}
    for initial, networks in players.items():
        if needs_loss_scale(*networks):
            name = f"{initial}_skipped"
            count = _compat.add_state(trainer, name, (), dtype="int64", mean=False)
            setattr(trainer, name, count)
            metrics[name] = Count(name, functools.partial(getattr, trainer, name))
    return metrics


def needs_loss_scale(*networks):
    """Whether a gradient that passes through all of them does so in float16."""
    layers = (layer for network in networks for layer in network._flatten_layers())
    return any(layer.compute_dtype == "float16" for layer in layers)


def unscaled(optimizer, gradients):
    """Gradients to apply, and whether an optimizer with a loss scale will do so.

    It must on all replicas or on none, but Keras 3.15 decides by the first replica's
    gradients, before it sums them. So one of them is made NaN if any is not finite.
    """
    gradients = _compat.unscale_gradients(optimizer, gradients)
    if not isinstance(optimizer, keras.mixed_precision.LossScaleOptimizer):
        return gradients, True
    wrong = [tf.reduce_any(~tf.math.is_finite(_values(g))) for g in _present(gradients)]
    share = _replica.global_mean(tf.cast(tf.reduce_any(wrong), tf.float32))
    poison = tf.where(share > 0.0, math.nan, 0.0)
    first = next(i for i, gradient in enumerate(gradients) if gradient is not None)
    poisoned = [*gradients]
    poisoned[first] = tf.convert_to_tensor(gradients[first]) + poison
    return poisoned, share <= 0.0


def _present(gradients):
    return [gradient for gradient in gradients if gradient is not None]


def _values(gradient):
    return gradient.values if isinstance(gradient, tf.IndexedSlices) else gradient


def undone(name):
    """Decorates an update, so that one that is skipped leaves its count only.

    Moving statistics, singular vectors and historical averages are what they were.

    Args:
        name: the trainer's attribute that counts.
    """

    def decorate(update):
        @functools.wraps(update)
        def counting(trainer, *args, **kwargs):
            count = getattr(trainer, name, None)
            if count is None:
                return update(trainer, *args, **kwargs)
            state = _state(trainer)
            before = [tf.identity(variable) for variable in state]
            is_finite = update(trainer, *args, **kwargs)
            count.assign_add(tf.cast(~is_finite, tf.int64))
            for variable, value in zip(state, before, strict=True):
                variable.assign(tf.where(is_finite, tf.identity(variable), value))
            return is_finite

        return counting

    return decorate


def _state(trainer):
    """All that an update may change beside parameters."""
    histories = (trainer.discriminator_history, trainer.generator_history)
    owners = [trainer.generator, trainer.discriminator, *filter(None, histories)]
    return [variable for owner in owners for variable in owner.non_trainable_variables]
