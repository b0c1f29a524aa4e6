"""The losses of a network itself: regularizers, and losses that its layers add."""

import keras
import tensorflow as tf

from tfgan_tricks import _compat


def of_call(network: keras.Model) -> list[tf.Tensor]:
    """Returns the losses that layers added in the network's last call, as scalars."""
    return [_scalar(loss) for loss in _compat.call_losses(network)]


def of_weights(network: keras.Model) -> list[tf.Tensor]:
    """Returns the network's regularization losses, as scalars."""
    return [_scalar(loss) for loss in _compat.weight_losses(network)]


def _scalar(loss):
    return tf.reduce_sum(tf.cast(loss, tf.float32))
