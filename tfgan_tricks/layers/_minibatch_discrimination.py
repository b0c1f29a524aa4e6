"""Minibatch discrimination in memory that does not grow with the kernel dimension."""

import math
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike

from tfgan_tricks import _checks
from tfgan_tricks import replica
from tfgan_tricks.layers._adapt import adapt_if_asked
from tfgan_tricks.layers._float32 import Float32Layer

_LEAST_SQUARE = 1e-12  # Of a column's length, which must not be 0.


@keras.saving.register_keras_serializable("tfgan_tricks")
class MinibatchDiscrimination(Float32Layer):
    """Similarity of each example to its batch, appended to its features.

        M_i = f_i T
        o_ib = sum_j exp(-||M_ib - M_jb||_1)

    for features f of shape `[batch, A]`, a tensor T of shape
    `[A, num_kernels, kernel_dim]` and all examples j of the global batch. The sum
    includes j = i, as in the paper. The authors' code leaves this term out, and its
    sums are smaller by 1. A discriminator that sees o notices a generator whose samples
    are all alike.

    The batch is entirely real or entirely fake. `JointMinibatchDiscrimination` compares
    with both, which makes a different discriminator.

    Each column of T is weight-normalized:

        T = exp(s) theta / ||theta||

    so distances do not grow with the number of features. Initially
    `s = -log(kernel_dim)`. Distances do not grow with `kernel_dim` then, and the
    exponential does not vanish. `adapt` sets s from given features.

    The layer and its gradient need memory for `batch ** 2 * num_kernels` numbers. It
    computes in float32 under any dtype policy.

    Args:
        num_kernels: Number of similarities, an integer of at least 1.
        kernel_dim: Dimension in which distances are measured, an integer of at least 1.
        kernel_initializer: Initializer of theta. Only the directions of its columns
            matter.
        **kwargs: `name` and `trainable`, as for `keras.layers.Layer`.

    Returns:
        For inputs of shape `[batch, A]`, a float32 tensor of shape
        `[batch, A + num_kernels]`. The similarities are in `[1, batch]`.

    Raises:
        ValueError: If `num_kernels` or `kernel_dim` is not a positive integer, or the
            inputs are not of rank 2.

    Example:

    >>> layer = MinibatchDiscrimination(num_kernels=2, kernel_dim=3)
    >>> layer(tf.ones([4, 1])).numpy()
    array([[1., 4., 4.],
           [1., 4., 4.],
           [1., 4., 4.],
           [1., 4., 4.]], dtype=float32)

    Reference:
        Salimans et al., 2016, section 3.2, arXiv:1606.03498.
    """

    def __init__(
        self,
        num_kernels: int,
        kernel_dim: int,
        kernel_initializer: str | keras.initializers.Initializer = "random_normal",
        **kwargs: Any,
    ) -> None:
        _checks.positive_integer(num_kernels=num_kernels, kernel_dim=kernel_dim)
        super().__init__(**kwargs)
        self.num_kernels = num_kernels
        self.kernel_dim = kernel_dim
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, input_shape: Any) -> None:
        if len(input_shape) != 2:
            raise ValueError(
                "`inputs` must be of rank 2. Add a `Flatten` layer before this layer. "
                f"Received: inputs.shape={tuple(input_shape)}"
            )
        kernels = (self.num_kernels, self.kernel_dim)
        self.theta = self.add_weight(
            name="theta",
            shape=(input_shape[-1], *kernels),
            initializer=self.kernel_initializer,
        )
        self.log_scale = self.add_weight(
            name="log_scale",
            shape=kernels,
            initializer=keras.initializers.Constant(-math.log(self.kernel_dim)),
        )
        super().build(input_shape)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        projections = self._project(inputs)
        similarities = similarity_sums(projections, replica.gather(projections))
        return tf.concat([inputs, similarities], axis=-1)

    def adapt(self, features: ArrayLike | tf.Tensor) -> None:
        """Scales each kernel so that nearest neighbors are 1 apart on average.

        Args:
            features: Array of typical inputs of shape `[batch, A]`, at least two rows.

        Raises:
            ValueError: If every row of `features` has a duplicate, or there is only
                one.
        """
        features = tf.convert_to_tensor(features, tf.float32)
        if not self.built:
            self.build(features.shape)
        projections = self._project(features)
        distances = _l1_distances(projections, projections)
        # A row is at distance 0 from itself. A large value excludes it. Infinity would
        # stop runs under `enable_check_numerics`.
        itself = tf.eye(features.shape[0])[..., tf.newaxis]
        distances += itself * tf.reduce_max(distances)
        nearest = tf.reduce_min(distances, axis=1)
        nearest = tf.reduce_mean(nearest, axis=0)[:, tf.newaxis]
        if not np.all((nearest > 0) & np.isfinite(nearest)):
            raise ValueError(
                "`features` must have rows that differ. "
                f"Received: features.shape={tuple(features.shape)}"
            )
        self.log_scale.assign(self.log_scale - tf.math.log(nearest))

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (input_shape[0], input_shape[1] + self.num_kernels)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_kernels": self.num_kernels,
            "kernel_dim": self.kernel_dim,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }

    def _project(self, features):
        """Returns `M` as `[batch, kernel_dim, num_kernels]`."""
        adapt_if_asked(self, features)
        theta = tf.reshape(self.theta, [-1, self.num_kernels * self.kernel_dim])
        lengths = tf.reduce_sum(tf.square(theta), axis=0)
        # Scaling the projections needs fewer passes over theta than normalizing it.
        scales = tf.math.rsqrt(tf.maximum(lengths, _LEAST_SQUARE))
        projections = tf.reshape(
            tf.matmul(features, theta) * scales,
            [-1, self.num_kernels, self.kernel_dim],
        )
        return tf.transpose(projections * tf.exp(self.log_scale), [0, 2, 1])


def similarity_sums(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """Returns `sum_j exp(-|x[i, :, b] - y[j, :, b]|_1)` as `[i, b]`."""
    return tf.reduce_sum(tf.exp(-_l1_distances(x, y)), axis=1)


def _l1_distances(x, y):
    """Returns `sum_c |x[i, c, b] - y[j, c, b]|` as `[i, j, b]`."""
    x, y = tf.transpose(x, [1, 0, 2]), tf.transpose(y, [1, 0, 2])
    return _absolute_sum(x, y)


# |x - y| is the difference times its sign, and the sign has no derivative. Therefore
# `_signed_sum` and `_signed_projections` are each other's gradient, of any order. All
# loop over c and recompute the signs. An eager tape does not record the steps, since
# the inputs are stopped. Nothing of the size [c, i, j, b] is ever kept.


@tf.custom_gradient
def _absolute_sum(x, y):
    """Returns `sum_c |x[c, i, b] - y[c, j, b]|`."""

    def gradient(weights):
        return _signed_projections(weights, x, y)

    return _sum_of_terms(lambda x, y: tf.abs(x[:, tf.newaxis] - y), x, y), gradient


@tf.custom_gradient
def _signed_sum(u, w, x, y):
    """Returns `sum_c (u[c, i, b] - w[c, j, b]) sign(x[c, i, b] - y[c, j, b])`."""

    def term(u, w, x, y):
        return (u[:, tf.newaxis] - w) * tf.sign(x[:, tf.newaxis] - y)

    def gradient(weights):
        return *_signed_projections(weights, x, y), None, None

    return _sum_of_terms(term, u, w, x, y), gradient


@tf.custom_gradient
def _signed_projections(weights, x, y):
    """Sums `weights[i, j, b] sign(x[c, i, b] - y[c, j, b])` over j and over -i."""
    stopped = tf.stop_gradient(weights)

    def project(rows):
        x, y = rows
        signed = stopped * tf.sign(x[:, tf.newaxis] - y)
        return tf.reduce_sum(signed, axis=1), -tf.reduce_sum(signed, axis=0)

    def gradient(u, w):
        return _signed_sum(u, w, x, y), None, None

    rows = [tf.stop_gradient(z) for z in (x, y)]
    sums = tf.map_fn(
        project,
        rows,
        fn_output_signature=(weights.dtype, weights.dtype),
        parallel_iterations=1,
    )
    return sums, gradient


def _sum_of_terms(term, *tensors):
    """Returns the sum over c of a function `[i, j, b]` of each tensor's `[c]`."""
    x, y = tensors[-2:]
    zeros = tf.zeros([tf.shape(x)[1], tf.shape(y)[1], x.shape[2]])
    return tf.foldl(
        lambda total, rows: total + term(*rows),
        [tf.stop_gradient(z) for z in tensors],
        zeros,
        parallel_iterations=1,
    )
