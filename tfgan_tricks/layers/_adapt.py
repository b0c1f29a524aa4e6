"""Initial weights that are computed from data."""

from typing import Any

import keras
import tensorflow as tf
from numpy.typing import ArrayLike

from tfgan_tricks._scoped import Scoped

_adapting = Scoped()


def adapt(network: keras.Model, examples: ArrayLike | tf.Tensor) -> None:
    """Sets the initial scales of a network's layers from typical inputs.

    Calls the network once, in training mode. Each layer that has a method
    `adapt(inputs)`, such as `WeightNormDense` and `MinibatchDiscrimination`, adapts
    itself before it returns its outputs.

    Args:
        network: A `keras.Model`.
        examples: Array of typical inputs, preferably several hundred.

    >>> import keras
    >>> from tfgan_tricks.layers import WeightNormDense
    >>> network = keras.Sequential([keras.Input((3,)), WeightNormDense(2)])
    >>> adapt(network, tf.random.normal([500, 3]))
    >>> float(abs(tf.reduce_mean(network(tf.random.normal([500, 3]))))) < 0.3
    True
    """
    with _adapting.set_to(True):
        network(tf.convert_to_tensor(examples), training=True)


def adapt_if_asked(layer: Any, inputs: tf.Tensor) -> None:
    """Adapts a layer inside `adapt`; the layer calls this first in its `call`."""
    if _adapting.value and tf.executing_eagerly():
        with _adapting.set_to(False):
            layer.adapt(inputs)
