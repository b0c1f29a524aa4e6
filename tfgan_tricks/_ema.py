"""Exponential moving averages of a network's weights."""

import keras
import tensorflow as tf


def copy_of(network):
    """A second network of the same structure and with equal weights.

    Under a distribution strategy, call it in the strategy's scope.
    """
    types = {type(layer) for layer in network._flatten_layers()}
    own = {t.__name__: t for t in types if not t.__module__.startswith("keras.")}
    # Code in its layers is trusted: the network is in memory, and whoever read it from
    # a file has decided on that.
    with keras.saving.custom_object_scope(own):
        config = keras.saving.serialize_keras_object(network)
        copy = keras.saving.deserialize_keras_object(config, safe_mode=False)
    copy.set_weights(network.get_weights())
    return copy


def update(average, network, decay):
    """Moves `average` towards `network`: a <- decay * a + (1 - decay) * w.

    Weights that are no parameters, such as moving statistics, are copied.
    """
    for mean, weight in zip(average.weights, network.weights, strict=True):
        value = tf.convert_to_tensor(weight)
        if weight.trainable:
            mean.assign_add(tf.cast(1 - decay, value.dtype) * (value - mean))
        else:
            mean.assign(value)
