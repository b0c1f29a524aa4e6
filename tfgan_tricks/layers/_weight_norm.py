"""The base of layers with weight normalization."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf
from numpy.typing import ArrayLike

from tfgan_tricks import _checks
from tfgan_tricks.layers._adapt import adapt_if_asked


class WeightNormLayer(keras.layers.Layer):
    """A linear map of normalized weights, with scale, bias and activation.

    Subclasses have two methods. `_theta_shape(input_shape)` returns the shape of theta,
    and `_map(inputs, theta)` maps inputs linearly by theta, with the outputs along the
    last axis.
    """

    _output_axis = -1  # The axis of theta that belongs to the outputs.

    def __init__(
        self,
        activation: str | Callable[[tf.Tensor], tf.Tensor] | None,
        trainable_scale: bool,
        kernel_initializer: str | keras.initializers.Initializer,
        adapted_stddev: float,
        **kwargs: Any,
    ) -> None:
        _checks.positive(adapted_stddev=adapted_stddev)
        super().__init__(**kwargs)
        self.activation = keras.activations.get(activation)
        self.trainable_scale = trainable_scale
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.adapted_stddev = adapted_stddev

    def build(self, input_shape: Any) -> None:
        shape = self._theta_shape(input_shape)
        outputs = (shape[self._output_axis],)
        self.theta = self.add_weight(
            name="theta", shape=shape, initializer=self.kernel_initializer
        )
        self.scale = self.add_weight(
            name="scale",
            shape=outputs,
            initializer="ones",
            trainable=self.trainable_scale,
        )
        self.bias = self.add_weight(name="bias", shape=outputs, initializer="zeros")
        super().build(input_shape)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        adapt_if_asked(self, inputs)
        return self.activation(self._linear(inputs) + self.bias)

    def adapt(self, inputs: ArrayLike | tf.Tensor) -> None:
        """Scales the outputs before the activation to mean 0 and `adapted_stddev`.

        The mean and the deviation of an output are over all axes except the last.

        Args:
            inputs: Array of typical inputs of the layer.

        Raises:
            ValueError: If an output is equal everywhere.
        """
        inputs = tf.cast(inputs, self.compute_dtype)
        if not self.built:
            self.build(inputs.shape)
        outputs = tf.cast(self._linear(inputs), tf.float32)
        mean, variance = tf.nn.moments(outputs, list(range(outputs.shape.rank - 1)))
        if not tf.reduce_all(variance > 0):
            raise ValueError(
                "`inputs` must have rows that differ in every output. "
                f"Received: inputs.shape={tuple(inputs.shape)}"
            )
        factor = self.adapted_stddev / tf.sqrt(variance)
        dtype = self.scale.dtype
        self.scale.assign(tf.cast(tf.cast(self.scale, tf.float32) * factor, dtype))
        self.bias.assign(tf.cast(-mean * factor, dtype))

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "activation": keras.activations.serialize(self.activation),
            "trainable_scale": self.trainable_scale,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "adapted_stddev": self.adapted_stddev,
        }

    def _theta_shape(self, input_shape):
        raise NotImplementedError

    def _map(self, inputs, theta):
        raise NotImplementedError

    def _linear(self, inputs):
        """Returns the scaled outputs before bias and activation."""
        theta = tf.convert_to_tensor(self.theta)
        rank = theta.shape.rank
        axes = [axis for axis in range(rank) if axis != self._output_axis % rank]
        squares = tf.square(tf.cast(theta, tf.float32))
        scale = tf.cast(self.scale, tf.float32) / tf.sqrt(tf.reduce_sum(squares, axes))
        return self._map(inputs, theta) * tf.cast(scale, inputs.dtype)
