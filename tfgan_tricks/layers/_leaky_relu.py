"""Leaky ReLU whose second derivative costs nothing."""

from typing import Any

import keras
import tensorflow as tf

from tfgan_tricks import _checks


@keras.saving.register_keras_serializable("tfgan_tricks")
class LeakyReLU(keras.layers.Layer):
    """Leaky ReLU for networks under a gradient penalty.

        y = x if x > 0 else slope x

    Values and gradients equal the values and gradients of `keras.layers.LeakyReLU`. The
    second derivative of that layer is 0, and TensorFlow passes these zeros back through
    all layers below. This layer has no second derivative instead.

    Args:
        slope: Slope for negative inputs, at least 0.
        **kwargs: Arguments of `keras.layers.Layer`.

    Returns:
        A tensor of the shape of the inputs.

    Raises:
        ValueError: If `slope` is negative.

    >>> LeakyReLU(0.2)(tf.constant([-5.0, 0.0, 3.0])).numpy()
    array([-1.,  0.,  3.], dtype=float32)

    Reference:
        Maas et al., 2013, "Rectifier nonlinearities improve neural network acoustic
        models".
    """

    def __init__(self, slope: float = 0.2, **kwargs: Any) -> None:
        _checks.not_negative(slope=slope)
        super().__init__(**kwargs)
        self.supports_masking = True
        self.slope = slope

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return _leaky_relu(inputs, self.slope)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"slope": self.slope}


def _leaky_relu(x, slope):
    @tf.custom_gradient
    def activate(x):
        return tf.nn.leaky_relu(x, slope), lambda upstream: scale(upstream, x)

    @tf.custom_gradient
    def scale(upstream, x):
        scaled = tf.raw_ops.LeakyReluGrad(gradients=upstream, features=x, alpha=slope)
        return scaled, lambda upstream: (scale(upstream, x), None)

    return activate(x)
