"""Features of a network that the user brings."""

import os
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfgan_tricks import _files
from tfgan_tricks.metrics import _features
from tfgan_tricks.metrics import _features_random
from tfgan_tricks.metrics._features import Extracted
from tfgan_tricks.metrics._features import Features


def model_features(model: keras.Model | str | os.PathLike) -> Features:
    """Returns the outputs of a network of your own as features.

    The network gets float32 images in [-1, 1], resized bilinearly with antialiasing if
    its input has a fixed size. Images of one channel are repeated for a network of
    three. Outputs of any shape become one vector for each image.

    Load only SavedModels that you trust: TensorFlow executes their graph. The safe mode
    of Keras rejects `.keras` files that contain code.

    Args:
        model: A built `keras.Model` with one input and one output, or the path of a
            `.keras` file, or of the folder of a SavedModel whose `serving_default` has
            one input and one output.

    Returns:
        A `Features` object.

    Raises:
        ValueError: If there are several inputs or outputs, or the images do not fit.
        OSError: If there is no such file.

    >>> model = keras.Sequential([keras.Input((4, 4, 3)), keras.layers.Flatten()])
    >>> model_features(model)(np.zeros([2, 8, 8, 1], "uint8")).vectors.shape
    (2, 48)
    """
    if isinstance(model, keras.Model):
        return _of_keras(model)
    path = _files.text("model", model)
    if not os.path.exists(path):
        raise FileNotFoundError(f"`model` must exist. Received: model={path!r}")
    if os.path.isdir(path):
        return _of_saved_model(path)
    if not path.endswith(".keras"):
        raise ValueError(
            "`model` must be a .keras file or the folder of a SavedModel. "
            f"Received: model={path!r}"
        )
    return _of_keras(keras.saving.load_model(path, compile=False))


def _of_keras(model):
    digest = _features.digest_of_arrays(*model.get_weights())
    shapes = tf.nest.map_structure(lambda x: tuple(x.shape), model.inputs)
    _check_single(len(shapes), len(model.outputs), model.name)
    return _of(lambda x: model(x, training=False), shapes[0], digest)


def _of_saved_model(path):
    try:
        loaded = tf.saved_model.load(path)
        function = loaded.signatures["serving_default"]
    except (KeyError, OSError, ValueError, tf.errors.OpError) as error:
        raise ValueError(
            "`model` must be a SavedModel with a signature serving_default. "
            f"Received: model={path!r}"
        ) from error
    inputs = function.structured_input_signature[1]
    _check_single(len(inputs), len(function.structured_outputs), path)
    ((name, spec),) = inputs.items()
    shape = tuple(spec.shape.as_list()) if spec.shape.rank else ()

    def call(images, _=loaded):  # Its variables live as long as it does.
        return next(iter(function(**{name: images}).values()))

    return _of(call, shape, _digest_of_files(path))


def _digest_of_files(folder):
    parts = []
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for path in (os.path.join(parent, name) for name in sorted(names)):
            with open(path, "rb") as file:
                parts += [os.path.relpath(path, folder).encode(), file.read()]
    return _features.digest_of(parts)


def _check_single(inputs, outputs, name):
    if (inputs, outputs) != (1, 1):
        raise ValueError(
            "`model` must have one input, the images, and one output, the features. "
            f"Received: {name} with {inputs} inputs and {outputs} outputs"
        )


def _of(call: Any, shape: tuple[int | None, ...], digest: str) -> Features:
    """Returns features for a function of images of a shape, with unknown sizes."""
    if len(shape) != 4:
        raise ValueError(
            "`model` must have an input [batch, height, width, channels]. "
            f"Received: an input of shape {shape}"
        )
    size = None if None in shape[1:3] else (int(shape[1] or 0), int(shape[2] or 0))

    def fitted(images):
        if shape[3] == 3 and images.shape[3] == 1:
            images = tf.repeat(images, 3, axis=3)
        return tf.cast(call(images), tf.float32)

    vectors = _features.in_batches(fitted, size)

    def extract(images):
        _features.check_images(images)
        _check_channels(images.shape[3], shape[3])
        found = vectors(images)
        return Extracted(np.reshape(found, [len(found), -1]))

    return Features("model", extract, digest, resize=_features_random.told(size))


def _check_channels(given, wanted):
    if wanted not in (None, given) and (given, wanted) != (1, 3):
        raise ValueError(
            f"`examples` must have the {wanted} channels of the model. "
            f"Received: images of {given} channels"
        )
