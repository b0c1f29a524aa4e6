"""Features of a classifier that is trained on the real images, and kept."""

import contextlib
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

_RECIPE = 1  # Changes with everything below that changes the trained weights.
_WIDTH = 16
_NUM_FEATURES = 128
_BATCH_SIZE = 128
_RATE = 2e-3
_EPOCHS = 20
_PIXELS = 120_000_000  # Seen in training: of 150,000 images of 28x28.
_HELD_OUT = 10  # One image in ten.
CACHE = "TFGAN_TRICKS_CACHE"


def cache_folder() -> str:
    """Returns the folder for trained classifiers.

    It is `$TFGAN_TRICKS_CACHE`, or else `tfgan_tricks` in `$XDG_CACHE_HOME`, or else in
    `~/.cache`.

    >>> os.path.basename(cache_folder()) != ""
    True
    """
    own = os.environ.get(CACHE)
    shared = os.environ.get("XDG_CACHE_HOME") or os.path.join("~", ".cache")
    return os.path.expanduser(own or os.path.join(shared, "tfgan_tricks"))


def classifier_features(
    images: np.ndarray, labels: np.ndarray, cache_dir: str | os.PathLike | None = None
) -> Features:
    """Returns features of a small classifier, trained on these images and labels.

    A convolutional network is trained on nine in ten of the images, and its accuracy is
    measured on the others. The features are the 128 activations before its last layer.
    Training takes up to a minute on two CPU cores, for example on MNIST, and is
    deterministic on a CPU. The weights are kept in a folder under the hash of images
    and labels, so that the same data always have the same features.

    Images with a side above 64 pixels are resized to 64x64.

    Args:
        images: Real images, uint8 `[N, height, width, channels]`.
        labels: Integer labels from 0, `[N]`.
        cache_dir: Folder for the weights. `None` means the environment variable
            `TFGAN_TRICKS_CACHE`, or else `~/.cache/tfgan_tricks`.

    Returns:
        A `Features` object with 128 features and probabilities.

    Raises:
        ValueError: If the images are not uint8, or the labels are not one integer for
            each of at least two classes.
        OSError: If the folder cannot be written to.

    >>> import tempfile
    >>> images = np.zeros([40, 8, 8, 1], "uint8")
    >>> images[::2] = 255
    >>> labels = np.arange(40) % 2
    >>> features = classifier_features(images, labels, tempfile.mkdtemp())
    >>> features(images).vectors.shape, features.accuracy
    ((40, 128), 1.0)
    """
    images, labels = np.asarray(images), np.asarray(labels)
    _features.check_images(images)
    _check_labels(labels, len(images))
    size = _features_random.resized(images.shape[1:])
    network = _network(images.shape[1:], int(labels.max()) + 1, size)
    key = _features.digest_of_arrays(images, labels.astype("int64"), _RECIPE)
    folder = _files.text(
        "cache_dir", cache_folder() if cache_dir is None else cache_dir
    )
    path = os.path.join(folder, f"classifier-{key}.npz")
    accuracy = _restored(network, path)
    if accuracy is None:
        accuracy = _train(network, images, labels, size)
        _keep(network, path, accuracy)
    return _of_classifier(network, accuracy, size)


def _check_labels(labels, count):
    if labels.shape != (count,) or labels.dtype.kind not in "iu" or labels.min() < 0:
        raise ValueError(
            f"`labels` must be {count} integers from 0, one for each image. "
            f"Received: labels={labels.dtype} {list(labels.shape)}"
        )
    if len(np.unique(labels)) < 2 or count < 2 * _HELD_OUT:
        raise ValueError(
            f"`labels` must have at least two classes, of at least {2 * _HELD_OUT} "
            "images in all, to train a classifier. Use other features. "
            f"Received: {len(np.unique(labels))} classes of {count} images"
        )


def _network(shape, num_classes, size):
    """Returns the network, whose output is the features and the logits."""
    height, width = size or shape[:2]
    x = inputs = keras.Input((height, width, shape[2]), dtype="float32")
    blocks = _features_random.num_halvings(min(height, width))
    for block in range(blocks):
        initial = keras.initializers.HeNormal(block)
        x = _features_random.convolution(_WIDTH * 2**block, initial)(x)
        x = keras.layers.MaxPooling2D(dtype="float32")(x)
    x = keras.layers.Flatten(dtype="float32")(x)
    vectors = _dense(_NUM_FEATURES, blocks, "relu")(x)
    logits = _dense(num_classes, blocks + 1, None)(vectors)
    joined = keras.layers.Concatenate(dtype="float32")([vectors, logits])
    return keras.Model(inputs, joined)


def _dense(units, seed, activation):
    initial = keras.initializers.GlorotUniform(seed)
    return keras.layers.Dense(
        units, activation=activation, kernel_initializer=initial, dtype="float32"
    )


def _restored(network, path):
    """Loads weights that were kept; returns their accuracy, or `None`."""
    with contextlib.suppress(Exception):  # A damaged file raises nearly anything.
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as kept:
            network.set_weights([kept[f"weight_{i}"] for i in range(len(kept) - 1)])
            return float(kept["accuracy"])
    return None


def _keep(network, path, accuracy):
    arrays = {f"weight_{i}": w for i, w in enumerate(network.get_weights())}
    with _files.whole_file(path, "cache_dir") as file:
        np.savez(file, accuracy=accuracy, **arrays)


def _train(network, images, labels, size):
    """Trains the network; returns its accuracy on images that it has not seen."""
    order = np.random.RandomState(0).permutation(len(images))
    held_out, seen = np.sort(order[::_HELD_OUT]), np.delete(order, np.s_[::_HELD_OUT])
    steps = _num_steps(len(seen), network.input_shape)
    network.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(_RATE, steps)),
        _cross_entropy,
    )
    prepare = _features.in_batches(lambda x: x, size)
    for rows in _batches(seen, steps):
        network.train_on_batch(prepare(images[rows]), labels[rows])
    found = _computed(network, size)(images[held_out])[:, _NUM_FEATURES:]
    return float(np.mean(found.argmax(axis=1) == labels[held_out]))


def _num_steps(count, input_shape):
    pixels = int(np.prod(input_shape[1:3]))
    examples = min(_EPOCHS * count, max(_PIXELS // pixels, count))
    return max(examples // min(_BATCH_SIZE, count), 1)


def _batches(rows, steps):
    """Yields the rows of each step, shuffled anew in each epoch."""
    random, size = np.random.RandomState(1), min(_BATCH_SIZE, len(rows))
    per_epoch = len(rows) // size
    for step in range(steps):
        if step % per_epoch == 0:
            order = random.permutation(rows)
        start = step % per_epoch * size
        yield order[start : start + size]


def _cross_entropy(labels, joined):
    return keras.losses.sparse_categorical_crossentropy(
        labels, joined[:, _NUM_FEATURES:], from_logits=True
    )


def _computed(network, size):
    """Returns a function of images that returns features and probabilities."""

    def joined(images):
        vectors, logits = tf.split(
            network(images, training=False), [_NUM_FEATURES, -1], axis=1
        )
        return tf.concat([vectors, tf.nn.softmax(logits)], axis=1)

    return _features.in_batches(joined, size)


def _of_classifier(network: Any, accuracy: float | None, size: Any) -> Features:
    compute = _computed(network, size)

    def extract(images):
        _features.check_images(images)
        found = compute(images)
        return Extracted(found[:, :_NUM_FEATURES], found[:, _NUM_FEATURES:])

    digest = _features.digest_of_arrays(*network.get_weights())
    resize = _features_random.told(size)
    return Features("classifier", extract, digest, accuracy, resize)
