"""The losses of a network itself: regularizers, and losses that its layers add."""

import keras
import tensorflow as tf

from tfgan_tricks import _compat
from tfgan_tricks import _facts
from tfgan_tricks import layers


def of_call(network: keras.Model) -> list[tf.Tensor]:
    """Returns the losses that layers added in the network's last call, as scalars."""
    return [_scalar(loss) for loss in _compat.call_losses(network)]


def of_weights(network: keras.Model) -> list[tf.Tensor]:
    """Returns the network's regularization losses, as scalars."""
    return [_scalar(loss) for loss in _compat.weight_losses(network)]


def are_added_by(network: keras.Model) -> bool:
    """Returns `True` if a training call of the network has losses of either kind."""
    if _compat.weight_losses(network):
        return True

    found = []

    @tf.function(autograph=False)
    def call(x, labels=None):
        network(_facts.inputs(network, x, labels), training=True)
        found.extend(_compat.call_losses(network))

    x, *labels = _facts.input_shapes(network)
    specs = [tf.TensorSpec(x), *(tf.TensorSpec(shape, tf.int32) for shape in labels)]
    with layers.updates_never():
        call.get_concrete_function(*specs)
    return bool(found)


def _scalar(loss):
    return tf.reduce_sum(tf.cast(loss, tf.float32))
