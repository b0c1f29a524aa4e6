"""One call of a network on several batches."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from tfgan_tricks import layers
from trainers._batch import Batch

# Layers whose output for an example does not depend on the others in its batch.
_INDEPENDENT = {
    keras.layers.InputLayer,
    keras.layers.Activation,
    keras.layers.Conv2D,
    keras.layers.Dense,
    keras.layers.Dropout,
    keras.layers.Flatten,
    keras.layers.GlobalAveragePooling2D,
    keras.layers.LeakyReLU,
    keras.layers.Rescaling,
    keras.layers.Reshape,
    layers.Dropout,
    layers.GaussianNoise,
    layers.LeakyReLU,
    layers.WeightNormConv2D,
    layers.WeightNormDense,
}


def is_known_to_be_independent(network: keras.Model) -> bool:
    """Returns `True` if the output for an example cannot depend on other examples."""
    return type(network) is keras.Sequential and all(
        type(layer) in _INDEPENDENT for layer in network.layers
    )


def each(function: Callable[[Batch], tf.Tensor], *batches: Batch) -> list[tf.Tensor]:
    """Returns a function's outputs for several batches, in one call if they fit.

    Example i of each batch comes before any example i + 1, so the rows of a global
    batch, and with them the noise that layers draw for the rows, have the same order on
    any number of replicas.

    Args:
        function: Function of a `Batch` that is independent for each example.
        *batches: Batches of images.
    """
    images = [batch.images for batch in batches]
    sizes = {x.shape[0] for x in images}
    if len(sizes) > 1 or None in sizes:
        return [function(batch) for batch in batches]
    # Generated images may be narrower; networks cast their inputs anyway.
    images = [tf.cast(x, images[0].dtype) for x in images]
    outputs = function(Batch(_interleaved(images)))
    return _separated(outputs, len(images))


def _interleaved(tensors):
    return tf.reshape(tf.stack(tensors, axis=1), [-1, *tensors[0].shape[1:]])


def _separated(values: Any, count: int) -> list[tf.Tensor]:
    return tf.unstack(tf.reshape(values, [-1, count, *values.shape[1:]]), axis=1)
