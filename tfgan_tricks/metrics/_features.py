"""Features: the vectors of examples that scores compare."""

import hashlib
from collections.abc import Callable
from collections.abc import Iterable
from typing import Any
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tfgan_tricks import _sampling
from tfgan_tricks import _unit_range


class Extracted(NamedTuple):
    """Features of examples.

    Attributes:
        vectors: Feature vectors, float32 `[N, d]`.
        probabilities: Probabilities of classes, float32 `[N, classes]`, or `None`.

    >>> Extracted(np.zeros([5, 3])).vectors.shape
    (5, 3)
    """

    vectors: np.ndarray
    probabilities: np.ndarray | None = None


class Features(NamedTuple):
    """A function from examples to feature vectors, and what identifies it.

    Call it with uint8 images `[N, height, width, channels]`. Pixel features also accept
    floats of any shape, such as points.

    Attributes:
        name: Name of the kind, such as "classifier".
        extract: Function of an array of examples that returns `Extracted`.
        digest: Hash of everything that determines the function.
        accuracy: Accuracy of a classifier on held-out images, in [0, 1], or `None`.
        resize: Description of how images are resized, or "none".

    >>> points = np.array([[1.0, 2.0]], "float32")
    >>> pixel_features()(points).vectors.tolist()
    [[1.0, 2.0]]
    """

    name: str
    extract: Callable[[np.ndarray], Extracted]
    digest: str
    accuracy: float | None = None
    resize: str = "none"

    def __call__(self, examples: np.ndarray) -> Extracted:
        return self.extract(examples)


def pixel_features() -> Features:
    """Returns the examples themselves as features, one vector for each.

    Images of uint8 are scaled to [-1, 1]. Floats are unchanged.

    Returns:
        A `Features` object.

    >>> pixel_features()(np.full([1, 2, 2, 1], 255, "uint8")).vectors.tolist()
    [[1.0, 1.0, 1.0, 1.0]]
    """
    return Features("pixels", _pixels, digest_of([b"pixels"]))


def _pixels(examples):
    examples = np.asarray(examples)
    if examples.dtype == np.uint8:
        examples = examples.astype("float32") / 127.5 - 1.0
    return Extracted(examples.reshape(len(examples), -1))


def digest_of(parts: Iterable[bytes]) -> str:
    """Returns the first 16 hexadecimal digits of a SHA-256 hash."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "little") + part)
    return digest.hexdigest()[:16]


def digest_of_arrays(*arrays: Any) -> str:
    """Returns the hash of arrays with their shapes and types."""
    parts: list[bytes] = []
    for array in map(np.ascontiguousarray, arrays):
        parts += [f"{array.dtype.str} {array.shape}".encode(), array.tobytes()]
    return digest_of(parts)


def in_batches(
    function: Callable[[tf.Tensor], Any], size: tuple[int, int] | None = None
) -> Callable[[np.ndarray], np.ndarray]:
    """Returns a function of any number of uint8 images, computed a batch at a time.

    Args:
        function: Function of float32 images in [-1, 1].
        size: Height and width to resize images to, or `None`.
    """
    compiled = tf.function(function, reduce_retracing=True)

    def prepared(images):
        images = _unit_range.to_unit_range(images)
        if size is None or tuple(images.shape[1:3]) == size:
            return images
        return tf.image.resize(images, size, method="bilinear", antialias=True)

    return lambda images: _sampling.in_parts(lambda x: compiled(prepared(x)), images)


def check_images(images: Any) -> None:
    """Raises `ValueError` unless examples are uint8 images."""
    if images.dtype != np.uint8 or images.ndim != 4:
        raise ValueError(
            "`examples` must be uint8 images [N, height, width, channels] for these "
            f"features. Received: examples={images.dtype} {list(images.shape)}"
        )
