"""Dependencies between tensors that TensorFlow's graph optimizer preserves."""

from typing import Any

import tensorflow as tf


def waiting_for_all(values: Any) -> Any:
    """Returns the same tensors, each of which waits for all of them.

    This makes sure that every variable is read before any is updated. TensorFlow's own
    edges for this purpose do not last. Its graph optimizer drops those that a path
    through Keras' sum over the replicas makes redundant, and later breaks this path. A
    gradient that does not depend on a loss, as in WGAN, then sometimes used a kernel
    after its update.
    """
    tensors = tf.nest.flatten(values, expand_composites=True)
    with tf.control_dependencies([each for each in tensors if each is not None]):
        return tf.nest.map_structure(
            lambda each: each if each is None else tf.identity(each),
            values,
            expand_composites=True,
        )
