"""Features of the discriminator whose means a generator matches."""

from typing import Any

import keras
import tensorflow as tf

from tfgan_tricks import _checks
from tfgan_tricks import _facts
from tfgan_tricks import replica

_DISTANCES = {
    "l2": lambda difference: tf.reduce_sum(tf.square(difference)),
    "mse": lambda difference: tf.reduce_mean(tf.square(difference)),
    "l1": lambda difference: tf.reduce_mean(tf.abs(difference)),
}


def check_distance(distance: str) -> None:
    if distance not in _DISTANCES:
        raise _checks.unknown_name("distance", distance, _DISTANCES)


def mean_distance(real: Any, fake: Any, distance: str) -> tf.Tensor:
    """Returns the distance between the means of real and fake features.

    Means are taken over the global batch. The distances of several layers are added.
    """
    pairs = zip(tf.nest.flatten(real), tf.nest.flatten(fake), strict=True)
    return tf.add_n(
        [_DISTANCES[distance](_mean(one) - _mean(other)) for one, other in pairs]
    )


def _mean(features):
    return replica.global_mean(tf.cast(features, tf.float32), axis=0)


def reader(discriminator: keras.Model, names: Any) -> keras.Model:
    """Returns a model from the discriminator's inputs to its logits and features.

    Args:
        discriminator: A Functional or Sequential `keras.Model`. If `names` is `None`,
            any model with two outputs, logits and features.
        names: Name of the layer whose outputs are the features, or a list of names.
            `None` uses the second output.

    Raises:
        ValueError: If a layer is missing, or the discriminator does not have two
            outputs.
    """
    if names is None:
        _check_outputs(discriminator)
        return discriminator
    outputs = getattr(discriminator, "outputs", None)
    if not outputs or not _facts.has_graph(discriminator):
        raise ValueError(
            "`features` must be None for a subclassed discriminator: its layers cannot "
            "be read by name. Let its `call` return two outputs, logits and features. "
            f"Received: features={names!r}"
        )
    features = [_output_of(discriminator, name) for name in _listed(names)]
    if isinstance(names, str):
        (features,) = features
    return keras.Model(discriminator.inputs, [outputs[0], features])


def _listed(names):
    return [names] if isinstance(names, str) else list(names)


def _output_of(discriminator, name):
    known = [layer.name for layer in discriminator.layers]
    if name not in known:
        raise _checks.unknown_name("features", name, known)
    return discriminator.get_layer(name).output


def _check_outputs(discriminator):
    shapes = _facts.output_shape(discriminator)
    if not isinstance(shapes, list) or len(shapes) != 2:
        names = ", ".join(layer.name for layer in discriminator.layers)
        raise ValueError(
            "`features` must name a layer of a discriminator that has one output: "
            f"{names}. Received: features=None"
        )
