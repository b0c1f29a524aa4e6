"""A dense layer with weight normalization."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf
from numpy.typing import ArrayLike

from tfgan_tricks import _checks
from tfgan_tricks.layers._adapt import adapt_if_asked


@keras.saving.register_keras_serializable("tfgan_tricks")
class WeightNormDense(keras.layers.Layer):
    """A dense layer with weight normalization.

        y = f(s x theta / ||theta|| + b)

    for an activation f, a scale s, a bias b and the columns of a matrix theta of shape
    `[inputs, units]`. The gradient with respect to a column is perpendicular to it, so
    only its direction is trained. `adapt` sets s and b from data.

    Args:
        units: Size of the outputs, an integer of at least 1.
        activation: Activation f of the outputs, see `keras.layers.Dense`. `None` means
            linear outputs.
        trainable_scale: If `True`, the scale s is trained. The discriminators of
            Salimans et al. (2016) keep it fixed in all layers except the last.
        kernel_initializer: Initializer of theta. The lengths of its columns do not
            affect the outputs, but an optimizer turns longer columns more slowly.
        **kwargs: Arguments of `keras.layers.Layer`.

    Returns:
        For inputs of shape `[..., inputs]`, a tensor of shape `[..., units]`.

    Raises:
        ValueError: If `units` is not a positive integer.

    >>> layer = WeightNormDense(1, kernel_initializer="ones")
    >>> layer(tf.constant([[3.0, 1.0, 2.0, 4.0]])).numpy()  # 10 / sqrt(4)
    array([[5.]], dtype=float32)

    Reference:
        Salimans and Kingma, 2016, arXiv:1602.07868.
    """

    def __init__(
        self,
        units: int,
        activation: str | Callable[[tf.Tensor], tf.Tensor] | None = None,
        trainable_scale: bool = True,
        kernel_initializer: str | keras.initializers.Initializer = "random_normal",
        **kwargs: Any,
    ) -> None:
        _checks.positive_integer(units=units)
        super().__init__(**kwargs)
        self.supports_masking = True
        self.units = units
        self.activation = keras.activations.get(activation)
        self.trainable_scale = trainable_scale
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, input_shape: Any) -> None:
        shape = (input_shape[-1], self.units)
        self.theta = self.add_weight(
            name="theta", shape=shape, initializer=self.kernel_initializer
        )
        self.scale = self.add_weight(
            name="scale",
            shape=(self.units,),
            initializer="ones",
            trainable=self.trainable_scale,
        )
        self.bias = self.add_weight(
            name="bias", shape=(self.units,), initializer="zeros"
        )
        super().build(input_shape)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        adapt_if_asked(self, inputs)
        return self.activation(self._linear(inputs) + self.bias)

    def adapt(self, inputs: ArrayLike | tf.Tensor) -> None:
        """Scales the outputs before the activation to mean 0 and deviation 1.

        Args:
            inputs: Array of typical inputs of shape `[batch, inputs]`, at least two
                rows.

        Raises:
            ValueError: If an output is equal for all rows.
        """
        inputs = tf.cast(inputs, self.compute_dtype)
        if not self.built:
            self.build(inputs.shape)
        mean, variance = tf.nn.moments(tf.cast(self._linear(inputs), tf.float32), 0)
        if not tf.reduce_all(variance > 0):
            raise ValueError(
                "`inputs` must have rows that differ in every output. "
                f"Received: inputs.shape={tuple(inputs.shape)}"
            )
        deviation = tf.sqrt(variance)
        dtype = self.scale.dtype
        scale = tf.cast(self.scale, tf.float32) / deviation
        self.scale.assign(tf.cast(scale, dtype))
        self.bias.assign(tf.cast(-mean / deviation, dtype))

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (*input_shape[:-1], self.units)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "units": self.units,
            "activation": keras.activations.serialize(self.activation),
            "trainable_scale": self.trainable_scale,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }

    def _linear(self, inputs):
        """Returns the scaled outputs before bias and activation."""
        theta = tf.convert_to_tensor(self.theta)
        length = tf.sqrt(tf.reduce_sum(tf.square(tf.cast(theta, tf.float32)), axis=0))
        scale = tf.cast(self.scale, tf.float32) / length
        return tf.matmul(inputs, theta) * tf.cast(scale, inputs.dtype)
