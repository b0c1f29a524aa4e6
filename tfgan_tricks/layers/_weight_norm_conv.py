"""Convolutions with weight normalization."""

from collections.abc import Callable
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from tfgan_tricks import _checks
from tfgan_tricks.layers._weight_norm import WeightNormLayer

_PADDINGS = ("same", "valid")


class _Convolution(WeightNormLayer):
    """The arguments that both kinds of convolution have."""

    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = 1,
        padding: str = "valid",
        activation: str | Callable[[tf.Tensor], tf.Tensor] | None = None,
        trainable_scale: bool = True,
        kernel_initializer: str | keras.initializers.Initializer = "random_normal",
        adapted_stddev: float = 1.0,
        **kwargs: Any,
    ) -> None:
        _checks.positive_integer(filters=filters)
        if padding not in _PADDINGS:
            raise _checks.unknown_name("padding", padding, _PADDINGS)
        super().__init__(
            activation, trainable_scale, kernel_initializer, adapted_stddev, **kwargs
        )
        self.filters = filters
        self.kernel_size = _pair("kernel_size", kernel_size)
        self.strides = _pair("strides", strides)
        self.padding = padding

    def build(self, input_shape: Any) -> None:
        if len(input_shape) != 4:
            raise ValueError(
                "`inputs` must be images of shape [batch, height, width, channels]. "
                f"Received: inputs.shape={tuple(input_shape)}"
            )
        super().build(input_shape)

    def compute_output_shape(self, input_shape: Any) -> Any:
        batch, *sizes, _ = input_shape
        axes = zip(sizes, self.kernel_size, self.strides, strict=True)
        outputs = [None if axis[0] is None else self._size(*axis) for axis in axes]
        return (batch, *outputs, self.filters)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
        }

    def _size(self, size, kernel, stride):
        """Returns the size of an axis of the outputs."""
        raise NotImplementedError


@keras.saving.register_keras_serializable("tfgan_tricks")
class WeightNormConv2D(_Convolution):
    """A two-dimensional convolution with weight normalization.

        y_k = f(s_k (x * theta_k) / ||theta_k|| + b_k)

    for output channels k, an activation f, a scale s, a bias b and filters theta_k,
    each of shape `[*kernel_size, channels]`. `adapt` sets s and b from data, as in
    `WeightNormDense`.

    Args:
        filters: Number of output channels, an integer of at least 1.
        kernel_size: Height and width of the filters, an integer or a pair.
        strides: Steps of the filters along height and width, an integer or a pair.
        padding: "valid", or "same" for outputs of the size of the inputs divided by
            `strides`, see `keras.layers.Conv2D`.
        activation: Activation f of the outputs, see `keras.layers.Conv2D`. `None` means
            linear outputs.
        trainable_scale: If `True`, the scale s is trained.
        kernel_initializer: Initializer of theta.
        adapted_stddev: Standard deviation that `adapt` gives each channel before the
            activation, above 0, over batch and positions. The mean becomes 0.
        **kwargs: Arguments of `keras.layers.Layer`.

    Returns:
        For inputs of shape `[batch, height, width, channels]`, a tensor of shape
        `[batch, new_height, new_width, filters]`.

    Raises:
        ValueError: If an argument is out of range, or the inputs are not of rank 4.

    >>> layer = WeightNormConv2D(1, kernel_size=2, kernel_initializer="ones")
    >>> layer(tf.ones([1, 2, 3, 1])).numpy().ravel()  # 4 / sqrt(4)
    array([2., 2.], dtype=float32)

    Reference:
        Salimans and Kingma, 2016, arXiv:1602.07868.
    """

    def _theta_shape(self, input_shape):
        return (*self.kernel_size, input_shape[-1], self.filters)

    def _map(self, inputs, theta):
        return tf.nn.conv2d(inputs, theta, self.strides, self.padding.upper())

    def _size(self, size, kernel, stride):
        covered = size if self.padding == "same" else size - kernel + 1
        return -(-covered // stride)


@keras.saving.register_keras_serializable("tfgan_tricks")
class WeightNormConv2DTranspose(_Convolution):
    """A transposed two-dimensional convolution with weight normalization.

        y_k = f(s_k (x * theta_k) / ||theta_k|| + b_k)

    for output channels k, an activation f, a scale s, a bias b and filters theta_k,
    each of shape `[*kernel_size, channels]`, by which each input is multiplied. `adapt`
    sets s and b from data, as in `WeightNormDense`.

    Args:
        filters: Number of output channels, an integer of at least 1.
        kernel_size: Height and width of the filters, an integer or a pair.
        strides: Steps of the filters in the outputs along height and width, an integer
            or a pair.
        padding: "valid", or "same" for outputs of the size of the inputs times
            `strides`, see `keras.layers.Conv2DTranspose`.
        activation: Activation f of the outputs, see `keras.layers.Conv2DTranspose`.
            `None` means linear outputs.
        trainable_scale: If `True`, the scale s is trained.
        kernel_initializer: Initializer of theta.
        adapted_stddev: Standard deviation that `adapt` gives each channel before the
            activation, above 0, over batch and positions. The mean becomes 0.
        **kwargs: Arguments of `keras.layers.Layer`.

    Returns:
        For inputs of shape `[batch, height, width, channels]`, a tensor of shape
        `[batch, new_height, new_width, filters]`.

    Raises:
        ValueError: If an argument is out of range, or the inputs are not of rank 4.

    >>> layer = WeightNormConv2DTranspose(1, 2, strides=2, kernel_initializer="ones")
    >>> layer(tf.constant([4.0], shape=[1, 1, 1, 1])).numpy().ravel()  # 4 / sqrt(4)
    array([2., 2., 2., 2.], dtype=float32)

    Reference:
        Salimans and Kingma, 2016, arXiv:1602.07868.
    """

    _output_axis = -2

    def _theta_shape(self, input_shape):
        return (*self.kernel_size, self.filters, input_shape[-1])

    def _map(self, inputs, theta):
        # Sizes that are unknown until the call are tensors.
        sizes = zip(inputs.shape, tf.unstack(tf.shape(inputs)), strict=True)
        shape = self.compute_output_shape([known or size for known, size in sizes])
        return tf.nn.conv2d_transpose(
            inputs, theta, tf.stack(shape), self.strides, self.padding.upper()
        )

    def _size(self, size, kernel, stride):
        missing = 0 if self.padding == "same" else max(kernel - stride, 0)
        return size * stride + missing


def _pair(argument, sizes):
    """Returns the sizes along both axes from one of them or a pair."""
    pair = tuple(sizes) if isinstance(sizes, list | tuple) else (sizes, sizes)
    if len(pair) != 2:
        raise ValueError(
            f"`{argument}` must be an integer or a pair. Received: {argument}={sizes!r}"
        )
    for size in pair:
        _checks.positive_integer(**{argument: size})
    return pair
