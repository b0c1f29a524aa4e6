"""What has to be computed before something else is, whatever TensorFlow makes of it."""

from typing import Any

import tensorflow as tf


def waiting_for_all(values: Any) -> Any:
    """The same tensors, each of which waits for all of them.

    So every variable is read before any is updated. TensorFlow's own edges for that do
    not last: its graph optimizer drops those that a path through Keras' sum over the
    replicas makes needless, and later breaks this path. Where a gradient needs no loss,
    as WGAN's, a layer's kernel was then at times read after its update.
    """
    tensors = tf.nest.flatten(values, expand_composites=True)
    with tf.control_dependencies([each for each in tensors if each is not None]):
        return tf.nest.map_structure(
            lambda each: each if each is None else tf.identity(each),
            values,
            expand_composites=True,
        )
