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


@keras.saving.register_keras_serializable("tfgan_tricks")
class MinibatchDiscrimination(Float32Layer):
    """Appends to each example's features how close it is to the rest of its batch.

        M_i = f_i T,    o_ib = sum_j exp(-|M_ib - M_jb|_1)

    for features `f [batch, A]`, a tensor `T [A, num_kernels, kernel_dim]` and all
    `j` of the batch, on all replicas, `j = i` included as in the paper (the authors'
    code leaves it out, which is 1 less). A discriminator that sees `o` notices a
    generator whose samples are all alike.

    A batch is real or fake; `JointMinibatchDiscrimination`, which compares with both,
    makes another discriminator.

    `T` is weight-normalised, `T = exp(log_scale) theta / |theta|` for each of the
    columns `[A]`, so that distances do not grow with the number of features; with
    `log_scale = -log(kernel_dim)` at first they do not grow with `kernel_dim` either,
    and the exponential does not vanish. `adapt` sets the scale to given features.

    Takes memory for `batch ** 2 * num_kernels` numbers, in the gradient too. Computes
    in float32 under any policy.

    Args:
        num_kernels: integer of at least 1, how many similarities are appended.
        kernel_dim: integer of at least 1, the dimension distances are measured in.
        kernel_initializer: initializer of `theta`; only the directions matter.
        **kwargs: `name` and `trainable`.

    Returns:
        For inputs `[batch, A]` and any batch size, `[batch, A + num_kernels]`; the
        similarities are in `[1, batch]`.

    Raises:
        ValueError: if an argument is no positive integer, or the inputs are not of
            rank 2.

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
                "`inputs` must be of rank 2; put a `Flatten` layer before this one. "
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
        """Scales each kernel so that nearest neighbours are 1 apart on average.

        Args:
            features: array `[batch, A]` of at least two rows, typical inputs.

        Raises:
            ValueError: if every row of `features` has an equal, or is alone.
        """
        features = tf.convert_to_tensor(features, tf.float32)
        if not self.built:
            self.build(features.shape)
        projections = self._project(features)
        distances = _l1_distances(projections, projections)
        # A row is at distance 0 of itself; out of the way, but not at infinity, which
        # would stop those who check for it.
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
        """`M` as `[batch, kernel_dim, num_kernels]`."""
        adapt_if_asked(self, features)
        directions = tf.math.l2_normalize(tf.convert_to_tensor(self.theta), axis=0)
        kernel = directions * tf.exp(self.log_scale)
        return tf.einsum("na,abc->ncb", features, kernel)


def similarity_sums(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """`sum_j exp(-|x[i, :, b] - y[j, :, b]|_1)` as `[i, b]`."""
    return tf.reduce_sum(tf.exp(-_l1_distances(x, y)), axis=1)


def _l1_distances(x, y):
    """`sum_c |x[i, c, b] - y[j, c, b]|` as `[i, j, b]`."""
    x, y = tf.transpose(x, [1, 0, 2]), tf.transpose(y, [1, 0, 2])
    return _signed_sum(x, y, x, y)


# |x - y| is the difference times its sign, and the sign has no derivative. So the two
# functions below are each other's gradient, of any order. Both loop over c and work
# the signs out again; the inputs are stopped lest an eager tape record each step. So
# nothing of the size of [c, i, j, b] is ever kept.


@tf.custom_gradient
def _signed_sum(u, w, x, y):
    """`sum_c (u[c, i, b] - w[c, j, b]) sign(x[c, i, b] - y[c, j, b])`."""

    def add(total, rows):
        u, w, x, y = rows
        return total + (u[:, tf.newaxis] - w) * tf.sign(x[:, tf.newaxis] - y)

    def gradient(weights):
        return *_signed_projections(weights, x, y), None, None

    rows = [tf.stop_gradient(z) for z in (u, w, x, y)]
    zeros = tf.zeros([tf.shape(x)[1], tf.shape(y)[1], x.shape[2]])
    return tf.foldl(add, rows, zeros, parallel_iterations=1), gradient


@tf.custom_gradient
def _signed_projections(weights, x, y):
    """The sums of `weights[i, j, b] sign(x[c, i, b] - y[c, j, b])` over j and -i."""
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
