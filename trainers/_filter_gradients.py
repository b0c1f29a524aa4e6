"""Filter gradients of convolutions as matrix products, in bfloat16 on CPUs."""

import math
from typing import NamedTuple

import keras
import tensorflow as tf

# oneDNN's filter gradient adds one image at a time to all filters, so it is slow where
# an image has few outputs. One product of all images is faster up to this number.
_MOST_OUTPUTS = 16


def multiply(network: keras.Model) -> None:
    """Makes the network's convolutions of few outputs use products, where faster.

    Values stay equal, and gradients differ by the rounding of bfloat16. The layers'
    options, weights and saving stay unchanged. Subclasses that replace the
    convolution keep their own.
    """
    if tf.config.list_physical_devices("GPU"):
        return
    for layer in network._flatten_layers():
        if _is_plain(layer) and "convolution_op" not in vars(layer):
            layer.convolution_op = _faster(layer.convolution_op, layer)


def _is_plain(layer):
    unchanged = getattr(type(layer), "convolution_op", None)
    return (
        unchanged is keras.layers.Conv2D.convolution_op
        and isinstance(layer, keras.layers.Conv2D)
        and layer.compute_dtype == "bfloat16"
        and layer.padding in ("same", "valid")
        and layer.data_format == "channels_last"
        and layer.groups == 1
        and tuple(layer.dilation_rate) == (1, 1)
    )


def _faster(original, layer):
    def convolution_op(inputs, kernel):
        _, *outputs, _ = layer.compute_output_shape(inputs.shape)
        if None in outputs or outputs[0] * outputs[1] > _MOST_OUTPUTS:
            return original(inputs, kernel)
        kernel = tf.cast(tf.convert_to_tensor(kernel), inputs.dtype)
        convolution = Convolution(
            tuple(inputs.shape[1:]),
            tuple(kernel.shape),
            tuple(outputs),
            tuple(layer.strides),
            layer.padding.upper(),
        )
        return convolution.of(inputs, kernel)

    return convolution_op


class Convolution(NamedTuple):
    """A convolution `y` of images `x` with a kernel `k`, and both its gradients.

    Each of the three is linear in two of them, and the gradients of each are the other
    two. So there are gradients of any order.

    Attributes:
        image: Height, width and channels of an image.
        kernel: Shape of the kernel.
        outputs: Height and width of the outputs.
        strides: Strides along the height and the width.
        padding: "SAME" or "VALID".
    """

    image: tuple[int, int, int]
    kernel: tuple[int, int, int, int]
    outputs: tuple[int, int]
    strides: tuple[int, int]
    padding: str

    def of(self, x: tf.Tensor, k: tf.Tensor) -> tf.Tensor:
        """Returns the convolution."""

        @tf.custom_gradient
        def convolve(x, k):
            y = tf.nn.conv2d(x, k, self.strides, self.padding)
            return y, lambda dy: (self.to_images(dy, k), self.to_kernel(x, dy))

        return convolve(x, k)

    def to_images(self, y: tf.Tensor, k: tf.Tensor) -> tf.Tensor:
        """Returns the gradient with respect to the images, for the gradient `y`."""

        @tf.custom_gradient
        def transpose(y, k):
            shape = tf.stack([tf.shape(y)[0], *self.image])
            x = tf.nn.conv2d_transpose(y, k, shape, self.strides, self.padding)
            return x, lambda dx: (self.of(dx, k), self.to_kernel(dx, y))

        return transpose(y, k)

    def to_kernel(self, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        """Returns the gradient with respect to the kernel, for the gradient `y`."""

        @tf.custom_gradient
        def product(x, y):
            patches = tf.reshape(self._patches(x), [-1, math.prod(self.kernel[:3])])
            rows = tf.reshape(y, [-1, self.kernel[3]])
            k = tf.matmul(patches, rows, transpose_a=True)
            k = tf.reshape(k, self.kernel)
            return k, lambda dk: (self.to_images(y, dk), self.of(x, dk))

        return product(x, y)

    def _patches(self, x):
        """Returns what each output sees, `[batch, height, width, kernel[:3]]`."""
        (height, width), (down, right) = self.outputs, self.strides
        rows, columns = (
            _indices(*each) for each in zip(self.kernel[:2], self.strides, strict=True)
        )
        whole = [height + rows[-1][0], width + columns[-1][0]]
        x = self._padded(x, [whole[0] * down, whole[1] * right])
        x = tf.reshape(x, [-1, whole[0], down, whole[1], right, self.image[2]])
        return tf.concat(
            [
                x[:, i : i + height, row, j : j + width, column]
                for i, row in rows
                for j, column in columns
            ],
            axis=-1,
        )

    def _padded(self, x, sizes):
        """Returns images with the padding of the convolution, of the given sizes."""
        pads = [[0, 0]]
        for axis, size in enumerate(sizes):
            before = self._padding_before(axis)
            pads.append([before, max(size - before - self.image[axis], 0)])
        return tf.pad(x, [*pads, [0, 0]])[:, : sizes[0], : sizes[1]]

    def _padding_before(self, axis):
        if self.padding == "VALID":
            return 0
        seen = (self.outputs[axis] - 1) * self.strides[axis] + self.kernel[axis]
        return max(seen - self.image[axis], 0) // 2


def _indices(size, stride):
    """Returns the offsets in a kernel, in whole strides and the rest."""
    return [divmod(offset, stride) for offset in range(size)]
