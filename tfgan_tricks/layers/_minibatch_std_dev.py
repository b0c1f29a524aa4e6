"""The spread of the batch as a feature."""

from typing import Any

import keras
import tensorflow as tf

from tfgan_tricks import _checks
from tfgan_tricks import replica
from tfgan_tricks.layers import _data_format
from tfgan_tricks.layers._float32 import Float32Layer


@keras.saving.register_keras_serializable("tfgan_tricks")
class MinibatchStdDev(Float32Layer):
    """Standard deviation over the batch, appended as one more feature map.

        s = mean(sqrt(Var(x) + epsilon))

    where the variance is taken over the global batch, and the mean over positions and
    features. A discriminator that sees s notices a generator whose samples are all
    alike. The layer computes in float32 under any dtype policy.

    Args:
        epsilon: Number above 0 that keeps the gradient finite where examples are equal.
        data_format: "channels_last" or "channels_first". `None` means the setting of
            Keras, `keras.config.image_data_format()`.
        **kwargs: `name` and `trainable`, as for `keras.layers.Layer`.

    Returns:
        For inputs of shape `[batch, ..., features]` of rank 2 or more, a float32 tensor
        of shape `[batch, ..., features + 1]`, whose last feature is s everywhere. With
        "channels_first" the features are on axis 1.

    Raises:
        ValueError: If `epsilon` is not positive, `data_format` is unknown, or the
            inputs are of rank 1.

    Example:

    >>> x = tf.constant([[1.0, 2.0], [3.0, 8.0]])
    >>> MinibatchStdDev()(x).numpy()
    array([[1., 2., 2.],
           [3., 8., 2.]], dtype=float32)

    Reference:
        Karras et al., 2017, section 3, arXiv:1710.10196.
    """

    def __init__(
        self, epsilon: float = 1e-8, data_format: str | None = None, **kwargs: Any
    ) -> None:
        _checks.positive(epsilon=epsilon)
        super().__init__(**kwargs)
        self.epsilon = epsilon
        self.data_format = _data_format.get(data_format)

    def build(self, input_shape: Any) -> None:
        if len(input_shape) < 2:
            raise ValueError(
                "`inputs` must be of rank 2 or more. "
                f"Received: inputs.shape={tuple(input_shape)}"
            )
        super().build(input_shape)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        centered = inputs - replica.global_mean(inputs, axis=0)
        variance = replica.global_mean(tf.square(centered), axis=0)
        spread = tf.reduce_mean(tf.sqrt(variance + self.epsilon))
        axis = _data_format.axis(self.data_format, inputs.shape)
        feature = tf.zeros_like(tf.gather(inputs, [0], axis=axis)) + spread
        return tf.concat([inputs, feature], axis)

    def compute_output_shape(self, input_shape: Any) -> Any:
        shape = list(input_shape)
        shape[_data_format.axis(self.data_format, shape)] += 1
        return tuple(shape)

    def get_config(self) -> dict[str, Any]:
        own = {"epsilon": self.epsilon, "data_format": self.data_format}
        return {**super().get_config(), **own}
