"""Features of the official Inception network, from a file that the user has."""

import os

import numpy as np
import tensorflow as tf
from google.protobuf.message import DecodeError
from scipy import special

from tfgan_tricks import _files
from tfgan_tricks import _sampling
from tfgan_tricks.metrics import _features
from tfgan_tricks.metrics._features import Extracted
from tfgan_tricks.metrics._features import Features

NAME = "inception"
_IMAGES = "ExpandDims:0"
_OUTPUTS = ["pool_3:0", "softmax/logits/MatMul"]
_NUM_FEATURES = 2048
_BATCH_SIZE = 32  # A first feature map of 299x299 takes 3 MB for each image.
_RESIZE = "299x299, by the network itself"


def inception_features(path: str | os.PathLike) -> Features:
    """Returns the features of the official Inception network, as FID and KID use them.

    The file is the frozen graph of 2015-12-05, `classify_image_graph_def.pb`, from
    which the authors of FID compute their scores. It is not part of this package. The
    graph itself scales uint8 images and resizes them bilinearly to 299x299, so both are
    the reference's. Features are the 2,048 outputs of `pool_3`. Probabilities are the
    softmax of `softmax/logits/MatMul` over 1,008 outputs, without the bias, as in the
    authors' code of the inception score. Images of one channel are repeated.

    Only with these features, `Judge` calls its distances `fid` and `kid`. The digest in
    the protocol tells files apart. Load only a file that you trust: TensorFlow executes
    its graph.

    Args:
        path: Path of the file, ending in `.pb`.

    Returns:
        A `Features` object.

    Raises:
        ValueError: If the file is not a graph with these operations.
        OSError: If there is no such file.

    >>> import os
    >>> path = os.environ.get("INCEPTION")  # Of your classify_image_graph_def.pb.
    >>> features = inception_features(path) if path else None

    Reference:
        Szegedy et al., 2016, arXiv:1512.00567; Heusel et al., 2017, arXiv:1706.08500;
        Salimans et al., 2016, arXiv:1606.03498.
    """
    path = _files.text("path", path)
    with open(path, "rb") as file:
        content = file.read()
    network = _Network(content, path)

    def extract(images):
        _features.check_images(images)
        if images.shape[3] not in (1, 3):
            raise ValueError(
                "`examples` must have 1 or 3 channels for the Inception network. "
                f"Received: images of {images.shape[3]} channels"
            )
        vectors = _sampling.in_parts(network.features, images, batch_size=_BATCH_SIZE)
        return Extracted(vectors, special.softmax(vectors @ network.classes, axis=1))

    return Features(NAME, extract, _features.digest_of([content]), resize=_RESIZE)


class _Network:
    """The graph of a file, in a session of its own.

    It has operations that exist only in graphs of old versions, so it cannot become a
    `tf.function`.

    Attributes:
        classes: Weights `[2048, 1008]` of the logits.
    """

    def __init__(self, content, path):
        definition = tf.compat.v1.GraphDef()
        graph = tf.Graph()
        try:
            definition.ParseFromString(content)
            with graph.as_default():
                self._images = tf.compat.v1.placeholder(tf.float32, [None] * 3 + [3])
                self._pool, logits = tf.graph_util.import_graph_def(
                    definition, {_IMAGES: self._images}, _OUTPUTS, name=""
                )
            self._pool.shape.assert_is_compatible_with([None, 1, 1, _NUM_FEATURES])
        except (DecodeError, ValueError, tf.errors.OpError) as error:
            raise ValueError(
                "`path` must be the frozen graph of the official Inception network, "
                "classify_image_graph_def.pb, with ExpandDims, pool_3 and "
                f"softmax/logits/MatMul. Received: path={path!r}"
            ) from error
        self._session = tf.compat.v1.Session(graph=graph)
        self.classes = self._session.run(logits.inputs[1])

    def features(self, images):
        """Returns the features `[N, 2048]` of uint8 images."""
        repeats = 3 // images.shape[3]
        images = np.repeat(images, repeats, axis=3).astype("float32")
        pool = self._session.run(self._pool, {self._images: images})
        return pool.reshape(len(images), -1)
