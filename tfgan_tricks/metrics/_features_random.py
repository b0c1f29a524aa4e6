"""Features of a convolutional network with random weights."""

from typing import Any

import keras

from tfgan_tricks.metrics import _features
from tfgan_tricks.metrics._features import Extracted
from tfgan_tricks.metrics._features import Features

LARGEST = 64  # Pixels. Larger images are made smaller.
_SMALLEST = 4
_WIDTH = 16
_NUM_FEATURES = 64


def random_features(image_shape: tuple[int, ...], seed: int = 0) -> Features:
    """Returns features of a convolutional network with random weights.

    Naeem et al. (2020) recommend such an embedding for images that differ much from
    ImageNet's. They use a VGG16. This network has the same kind of blocks, two
    convolutions and a max pooling, but fewer and narrower, and also ends in 64 numbers.

    Images with a side above 64 pixels are resized to 64x64.

    Args:
        image_shape: Shape of an image, (height, width, channels).
        seed: Integer seed of the weights.

    Returns:
        A `Features` object with 64 features.

    >>> features = random_features((8, 8, 1))
    >>> features(np.zeros([5, 8, 8, 1], "uint8")).vectors.shape
    (5, 64)

    Reference:
        Naeem et al., 2020, arXiv:2002.09797, section 4.
    """
    size = resized(image_shape)
    network = keras.Sequential(
        [keras.Input((*(size or image_shape[:2]), image_shape[2]))]
    )
    blocks = num_halvings(min(size or image_shape[:2]))
    for block in range(blocks):
        for index in range(2):
            initial = keras.initializers.HeNormal(seed + 10 * block + index)
            network.add(convolution(_WIDTH * 2**block, initial))
        network.add(keras.layers.MaxPooling2D(dtype="float32"))
    network.add(keras.layers.Flatten(dtype="float32"))
    last = keras.initializers.GlorotUniform(seed + 10 * blocks)
    network.add(
        keras.layers.Dense(_NUM_FEATURES, kernel_initializer=last, dtype="float32")
    )
    return of_network("random", network, size)


def of_network(name: str, network: Any, size: tuple[int, int] | None) -> Features:
    """Returns the outputs of a network for images in [-1, 1] as features."""
    vectors = _features.in_batches(lambda x: network(x, training=False), size)

    def extract(images):
        _features.check_images(images)
        found = vectors(images)
        return Extracted(found.reshape(len(found), -1))

    digest = _features.digest_of_arrays(*network.get_weights())
    return Features(name, extract, digest, resize=told(size))


def resized(image_shape: tuple[int, ...]) -> tuple[int, int] | None:
    """Returns the size that large images are resized to, or `None`."""
    return (LARGEST, LARGEST) if max(image_shape[:2]) > LARGEST else None


def told(size: tuple[int, int] | None) -> str:
    """Returns a text for a size that images are resized to."""
    return "none" if size is None else f"{size[0]}x{size[1]}, bilinear, antialiased"


def num_halvings(side: int) -> int:
    """Returns how often a side can be halved without being less than 4 pixels.

    >>> [num_halvings(side) for side in (4, 8, 28, 64)]
    [0, 1, 2, 4]
    """
    return max(side // _SMALLEST, 1).bit_length() - 1


def convolution(filters: int, initializer: Any) -> keras.layers.Layer:
    """Returns a 3x3 convolution with `relu`, of float32 whatever the policy."""
    return keras.layers.Conv2D(
        filters,
        3,
        padding="same",
        activation="relu",
        kernel_initializer=initializer,
        dtype="float32",
    )
