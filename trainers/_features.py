"""Features of the discriminator, which a generator matches on average."""

import keras
import tensorflow as tf

from tfgan_tricks import _checks
from tfgan_tricks import _replica

_DISTANCES = {
    "l2": lambda difference: tf.reduce_sum(tf.square(difference)),
    "mse": lambda difference: tf.reduce_mean(tf.square(difference)),
    "l1": lambda difference: tf.reduce_mean(tf.abs(difference)),
}


def check_distance(distance):
    if distance not in _DISTANCES:
        raise _checks.unknown_name("distance", distance, _DISTANCES)


def mean_distance(real, fake, distance):
    """How far apart the means of features over the global batch are."""
    means = [
        _replica.global_mean(tf.cast(features, tf.float32), axis=0)
        for features in (real, fake)
    ]
    return _DISTANCES[distance](means[0] - means[1])


def reader(discriminator, layer):
    """A function from inputs to logits and features, in training mode.

    Args:
        discriminator: a `keras.Model`; of two outputs, logits and features, if `layer`
            is `None`.
        layer: the name of the layer whose outputs are the features.

    Raises:
        ValueError: if there is no such layer, or there are not two outputs.
    """
    if layer is None:
        _check_outputs(discriminator)
        return lambda inputs: discriminator(inputs, training=True)
    names = [each.name for each in discriminator.layers]
    if layer not in names:
        raise _checks.unknown_name("features", layer, names)
    outputs = [discriminator.outputs[0], discriminator.get_layer(layer).output]
    network = keras.Model(discriminator.inputs, outputs)
    # A function, since Keras would take a model for a third network, to be saved too.
    return lambda inputs: network(inputs, training=True)


def _check_outputs(discriminator):
    count = len(getattr(discriminator, "outputs", None) or [None, None])
    if count != 2:
        names = ", ".join(layer.name for layer in discriminator.layers)
        raise ValueError(
            "`features` must name a layer of a discriminator that has one output: "
            f"{names}. Received: features=None"
        )
