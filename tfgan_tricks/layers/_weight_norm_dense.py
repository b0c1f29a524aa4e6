"""A dense layer with weight normalization."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from tfgan_tricks import _checks
from tfgan_tricks.layers._weight_norm import WeightNormLayer


@keras.saving.register_keras_serializable("tfgan_tricks")
class WeightNormDense(WeightNormLayer):
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
        adapted_stddev: Standard deviation that `adapt` gives the outputs before the
            activation, above 0. Their mean becomes 0.
        **kwargs: Arguments of `keras.layers.Layer`.

    Returns:
        For inputs of shape `[..., inputs]`, a tensor of shape `[..., units]`.

    Raises:
        ValueError: If `units` is not a positive integer, or `adapted_stddev` is not
            positive.

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
        adapted_stddev: float = 1.0,
        **kwargs: Any,
    ) -> None:
        _checks.positive_integer(units=units)
        super().__init__(
            activation, trainable_scale, kernel_initializer, adapted_stddev, **kwargs
        )
        self.supports_masking = True
        self.units = units

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (*input_shape[:-1], self.units)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"units": self.units}

    def _theta_shape(self, input_shape):
        return (input_shape[-1], self.units)

    def _map(self, inputs, theta):
        return tf.matmul(inputs, theta)
