"""Batch normalization against a fixed reference batch."""

import math

import keras
import numpy as np
import tensorflow as tf

from tfgan_tricks import _checks
from tfgan_tricks import _compat
from tfgan_tricks.layers._float32 import Float32Layer
from tfgan_tricks.layers._scoped import Scoped

_reference_rows = Scoped()


@keras.saving.register_keras_serializable("tfgan_tricks")
class VirtualBatchNorm(Float32Layer):
    """Normalises each example with a fixed reference batch instead of its batch mates.

        y = gamma (x - m) / sqrt(v + epsilon) + beta

    where `m` and `v` are the mean and the variance of each feature in a mixture:
    `1 / (n + 1)` of the example itself, over its spatial axes, and `n / (n + 1)` of
    the `n` reference examples, over their batch and spatial axes. Reference examples
    are normalised by the reference alone. There is no difference between training
    and inference. Computes in float32 under any policy.

    It works only in a network inside `VirtualBatchNormalized`, which supplies the
    reference.

    Args:
        epsilon: number above 0, added to the variance.
        **kwargs: `name` and `trainable`.

    Returns:
        For inputs `[n + batch, ..., features]`, of which the first `n` rows are the
        reference, a tensor of that shape.

    Raises:
        ValueError: if `epsilon` is not positive, or if the layer runs outside
            `VirtualBatchNormalized` (in a graph, `InvalidArgumentError` when it runs).

    Example:

    >>> network = keras.Sequential([keras.Input((3,)), VirtualBatchNorm()])
    >>> generator = VirtualBatchNormalized(network, tf.constant([[1.0, 2.0, 4.0]]))
    >>> generator(tf.constant([[3.0, 2.0, 0.0]])).numpy().round(2)
    array([[ 1.,  0., -1.]], dtype=float32)

    Reference:
        Salimans et al., 2016, section 3.5, arXiv:1606.03498.
    """

    def __init__(self, epsilon=1e-5, **kwargs):
        _checks.positive(epsilon=epsilon)
        super().__init__(**kwargs)
        self.epsilon = epsilon

    def build(self, input_shape):
        shape = (input_shape[-1],)
        self.gamma = self.add_weight(name="gamma", shape=shape, initializer="ones")
        self.beta = self.add_weight(name="beta", shape=shape, initializer="zeros")
        super().build(input_shape)

    def call(self, inputs):
        count = _reference_rows.value
        if count is not None:
            return self._normalize(inputs[:count], inputs[count:], count)
        message = (
            "`VirtualBatchNorm` must run in a network inside `VirtualBatchNormalized`, "
            f"which supplies the reference batch. Received: layer={self.name!r}"
        )
        if tf.executing_eagerly():
            raise ValueError(message)
        # Keras traces a layer by itself to build a network and to export one, so a
        # graph must fail only when it runs. XLA drops the assertion, hence the NaN.
        with tf.control_dependencies([tf.debugging.Assert(False, [message])]):
            return inputs * math.nan

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "epsilon": self.epsilon}

    def _normalize(self, reference, examples, count):
        spatial = list(range(1, examples.shape.rank - 1))
        mean_r, variance_r = _moments(reference, [0, *spatial])
        mean_x, variance_x = _moments(examples, spatial)
        share = 1.0 / (count + 1.0)
        mean = (1.0 - share) * mean_r + share * mean_x
        # The variance of a mixture. Unlike the difference of the mean square and the
        # squared mean it cannot come out below 0.
        variance = (
            (1.0 - share) * variance_r
            + share * variance_x
            + share * (1.0 - share) * tf.square(mean_x - mean_r)
        )
        normalized = [
            (reference - mean_r) * tf.math.rsqrt(variance_r + self.epsilon),
            (examples - mean) * tf.math.rsqrt(variance + self.epsilon),
        ]
        return tf.concat(normalized, axis=0) * self.gamma + self.beta


def _moments(x, axes):
    # Not tf.nn.moments, whose second derivative lacks the share of the mean.
    mean = tf.reduce_mean(x, axes, keepdims=True)
    return mean, tf.reduce_mean(tf.square(x - mean), axes, keepdims=True)


@keras.saving.register_keras_serializable("tfgan_tricks")
class VirtualBatchNormalized(keras.Model):
    """A network whose `VirtualBatchNorm` layers share one stored reference batch.

    A call runs the network once, on the reference and the inputs joined on the batch
    axis, and drops the rows of the reference:

        y = network([reference; x])[n:]

    So the reference has the current weights' activations, and the gradient passes
    through them. An example's output does not depend on its batch mates. The
    reference is a weight that is not trained: it is saved and exported with the rest.

    Args:
        network: a Keras model with one input, one output and at least one
            `VirtualBatchNorm`.
        reference: array `[n, ...]` of `n >= 1` inputs of `network`, chosen once, such
            as latent vectors for a generator. Each call costs `n` more examples.
        **kwargs: `name`, `trainable` and `dtype`.

    Returns:
        For inputs `[batch, ...]`, the outputs of `network` for them, `[batch, ...]`.

    Raises:
        ValueError: if `network` has no `VirtualBatchNorm`, or if `reference` is empty
            or not of the shape of the network's inputs.

    Example:

    >>> network = keras.Sequential(
    ...     [keras.Input((8,)), keras.layers.Dense(5), VirtualBatchNorm()]
    ... )
    >>> generator = VirtualBatchNormalized(network, tf.random.normal([16, 8]))
    >>> generator(tf.zeros([2, 8])).shape
    TensorShape([2, 5])

    Reference:
        Salimans et al., 2016, section 3.5, arXiv:1606.03498.
    """

    def __init__(self, network, reference, **kwargs):
        reference = np.asarray(reference, "float32")
        _check(network, reference)
        super().__init__(**kwargs)
        self.network = network
        self.reference = _compat.add_state(
            self,
            "reference",
            reference.shape,
            lambda shape, dtype=None: tf.constant(reference, dtype),
        )
        self.build(self.input_shape)

    @property
    def input_shape(self):
        return (None, *self.reference.shape[1:])

    @property
    def output_shape(self):
        return self.compute_output_shape(self.input_shape)

    def build(self, input_shape):
        if not self.network.built:
            self.network.build(input_shape)
        self.built = True

    def call(self, inputs, training=None):
        reference = tf.cast(tf.convert_to_tensor(self.reference), inputs.dtype)
        count = reference.shape[0]
        with _reference_rows.set_to(count):
            joined = tf.concat([reference, inputs], axis=0)
            return self.network(joined, training=training)[count:]

    def compute_output_shape(self, input_shape):
        return tuple(self.network.compute_output_shape(input_shape))

    def get_config(self):
        return {
            **super().get_config(),
            "name": self.name,
            "network": keras.saving.serialize_keras_object(self.network),
            "reference": list(self.reference.shape),
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        network = keras.saving.deserialize_keras_object(
            config["network"], custom_objects=custom_objects
        )
        reference = np.zeros(config["reference"])
        return cls(**{**config, "network": network, "reference": reference})


def _check(network, reference):
    if not any(isinstance(x, VirtualBatchNorm) for x in network._flatten_layers()):
        raise ValueError(
            "`network` must have a `VirtualBatchNorm` layer. "
            f"Received: network={network.name!r}"
        )
    expected = tf.TensorShape(getattr(network, "input_shape", None))
    if reference.size == 0 or not expected.is_compatible_with(reference.shape):
        raise ValueError(
            "`reference` must hold at least one input of `network`, of shape "
            f"{expected}. Received: reference.shape={reference.shape}"
        )
