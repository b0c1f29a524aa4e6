"""Spectral normalization that leaves the kernel alone."""

from typing import Any

import keras
import tensorflow as tf

from tfgan_tricks import _checks
from tfgan_tricks import replica
from tfgan_tricks.layers._updates import claim_update

_TRANSPOSED = (
    keras.layers.Conv1DTranspose,
    keras.layers.Conv2DTranspose,
    keras.layers.Conv3DTranspose,
)
_DEPTHWISE = (keras.layers.DepthwiseConv1D, keras.layers.DepthwiseConv2D)
_SUPPORTED = (
    keras.layers.Dense,
    keras.layers.Conv1D,
    keras.layers.Conv2D,
    keras.layers.Conv3D,
    *_TRANSPOSED,
    *_DEPTHWISE,
    keras.layers.Embedding,
)
# What Keras calls the kernel of these layers, and what says how they use it.
_KERNELS = ("kernel", "depthwise_kernel", "embeddings")
_USES = ("call", "convolution_op", *_KERNELS)
_WARM_UP_ITERATIONS = 15
_MODES = ("divide", "project")


@keras.saving.register_keras_serializable("tfgan_tricks")
class SpectralNormalization(keras.layers.Wrapper):
    """Divides the kernel of the wrapped layer by its largest singular value.

    The layer computes with `W / sigma`, where

        sigma = u^T W v,    v = W^T u / |W^T u|,

    and `u` follows the first left singular vector of `W` by power iteration:
    `u <- W v / |W v|`. The kernel `W` of the wrapped layer is never written to. The
    gradient passes through `sigma` with `u` and `v` held constant, so it is that of
    `W / sigma`. `sigma` is computed in float32 from the kernel as it is stored,
    whatever the dtype policy, and the kernel is normalised in inference too.

    `W` has a row for each output. Convolutions have a column for each input channel
    and offset, transposed ones too; the depthwise ones and those with `groups` are
    one matrix for each group, of which the largest `sigma` counts. For an
    `Embedding` it is the whole table.

    `u` moves in each call with `training=True`; inside `updates_once()` only in the
    first of them, inside `updates_never()` in none. A layer that is frozen, by
    `trainable = False` on it, on the wrapped layer or on a network around it, keeps
    its `u` and its kernel, as a frozen `BatchNormalization` keeps its averages.

    With LoRA, `W` is the sum that the wrapped layer computes with. A quantized kernel
    is refused. The wrapped layer decides about masks.

    With `mode="project"` the kernel is overwritten instead, `W <- W / sigma`, whenever
    `u` moves, with sigma = |W^T v| by the `v` that moved it; in between and in
    inference the kernel is used as it is, and the gradient is that by `W / sigma`. So
    does TensorFlow Addons, for the same `u`, where its matrix is the same: not for
    transposed convolutions. It is there to compare with, and to go on with such
    a training.

    Args:
        layer: a `Dense`, `Conv1D`, `Conv2D`, `Conv3D`, `Conv1DTranspose`,
            `Conv2DTranspose`, `Conv3DTranspose`, `DepthwiseConv1D`,
            `DepthwiseConv2D` or `Embedding` layer, or one of a subclass that uses its
            kernel as they do.
        power_iterations: integer of at least 1, the steps each time `u` moves.
        mode: "divide" or "project".
        **kwargs: `name` and `trainable`. The dtype is that of the kernel.

    Raises:
        TypeError: if `layer` is of another kind.
        ValueError: if `power_iterations` is no integer of at least 1, for another
            `mode`, for a quantized layer, or for "project" with LoRA.

    Example:

    >>> initializer = keras.initializers.RandomNormal(seed=1)
    >>> layer = SpectralNormalization(
    ...     keras.layers.Dense(4, kernel_initializer=initializer)
    ... )
    >>> y = layer(tf.ones([2, 3]))
    >>> sigma = tf.linalg.svd(layer.normalized_kernel(), compute_uv=False)[0]
    >>> round(float(sigma), 2)
    1.0

    Reference:
        Miyato et al., 2018, arXiv:1802.05957.
    """

    def __init__(
        self,
        layer: keras.layers.Layer,
        power_iterations: int = 1,
        mode: str = "divide",
        **kwargs: Any,
    ) -> None:
        _check_kind(layer)
        _checks.positive_integer(power_iterations=power_iterations)
        if mode not in _MODES:
            raise _checks.unknown_name("mode", mode, _MODES)
        _check_kernel(layer, mode)
        super().__init__(layer, dtype=layer.variable_dtype, **kwargs)
        if not self.trainable:
            layer.trainable = False  # Keras 3 leaves it trainable in a model.
        self.supports_masking = layer.supports_masking
        self.power_iterations = power_iterations
        self.mode = mode

    def build(self, input_shape: Any = None) -> None:
        super().build(input_shape)
        blocks, _, outputs = self._blocks().shape
        # An initializer, because it runs when the kernel has its value: Keras 3 puts
        # off both while it infers shapes.
        self.u = replica.add_state(self, "u", (blocks, outputs), self._warmed_up)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        blocks = self._blocks()
        u = tf.convert_to_tensor(self.u)
        frozen = not (self.trainable and self.layer.trainable)
        if training and not frozen and claim_update(self):
            kernel = tf.stop_gradient(blocks)
            u, lengths = _iterate(kernel, u, self.power_iterations)
            self.u.assign(u)
            if self.mode == "project":
                self._project(tf.reduce_max(lengths))
        if self.mode == "project":
            return self.layer(inputs)
        sigma = _sigma(blocks, u)
        if isinstance(self.layer, keras.layers.Embedding):
            outputs = self.layer(inputs)
            return outputs / tf.cast(sigma, outputs.dtype)
        # These layers are linear before the bias: (W / sigma) x = W (x / sigma). So
        # nothing has to be swapped in the wrapped layer.
        inputs = tf.cast(inputs, self.compute_dtype)
        return self.layer(inputs / tf.cast(sigma, inputs.dtype))

    def normalized_kernel(self) -> tf.Tensor:
        """The kernel in use, `W / sigma`, in float32 and in the kernel's shape."""
        if self.mode == "project":
            return self._kernel()
        sigma = _sigma(self._blocks(), tf.convert_to_tensor(self.u))
        return self._kernel() / sigma

    def compute_output_shape(self, input_shape: Any) -> Any:
        return self.layer.compute_output_shape(input_shape)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return self.layer.compute_mask(inputs, mask)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["dtype"]
        own = {"power_iterations": self.power_iterations, "mode": self.mode}
        return {**config, **own}

    def _stored(self):
        """The kernel that the wrapped layer computes with: a variable or a sum."""
        _check_kernel(self.layer, self.mode)
        name = next(name for name in _KERNELS if hasattr(self.layer, name))
        return getattr(self.layer, name)

    def _kernel(self):
        return tf.cast(tf.convert_to_tensor(self._stored()), tf.float32)

    def _project(self, sigma):
        kernel = self._stored()
        projected = self._kernel() / tf.where(sigma > 0, sigma, 1.0)
        kernel.assign(tf.cast(projected, kernel.dtype))

    def _blocks(self):
        """The transposed matrices, `[blocks, inputs, outputs]`."""
        kernel = self._kernel()
        if isinstance(self.layer, _TRANSPOSED):
            kernel = tf.linalg.matrix_transpose(kernel)
        if isinstance(self.layer, _DEPTHWISE):
            groups, outputs = kernel.shape[-2:]
        else:
            groups = getattr(self.layer, "groups", 1)
            outputs = kernel.shape[-1] // groups
        return tf.transpose(tf.reshape(kernel, [-1, groups, outputs]), [1, 0, 2])

    def _warmed_up(self, shape, dtype=None):
        u = _unit(tf.random.stateless_normal(shape, seed=[0, 0], dtype=dtype))
        return _iterate(self._blocks(), u, _WARM_UP_ITERATIONS)[0]


def _check_kind(layer):
    """Subclasses that use the kernel in another way would not be divided by sigma."""
    kind = next((kind for kind in type(layer).__mro__ if kind in _SUPPORTED), None)
    own = [
        n for n in _USES if getattr(type(layer), n, None) is not getattr(kind, n, None)
    ]
    if kind is None or own:
        names = ", ".join(kind.__name__ for kind in _SUPPORTED)
        raise TypeError(
            f"`layer` must be one of {names}, without a `call` or kernel of its own. "
            f"Received: layer={layer}"
        )


def _check_kernel(layer, mode):
    quantization = getattr(layer, "quantization_mode", None)
    if quantization is not None:
        raise ValueError(
            "`layer` must not be quantized, as sigma is that of a kernel of real "
            "numbers. Leave it out with the argument `filters` of `Model.quantize`. "
            f"Received: layer={layer.name!r} with quantization_mode={quantization!r}"
        )
    if mode == "project" and getattr(layer, "lora_enabled", False):
        raise ValueError(
            "`mode` must be 'divide' for a layer with LoRA, whose kernel is a sum and "
            f"cannot be overwritten. Received: mode='project' with layer={layer.name!r}"
        )


def _unit(vectors):
    return tf.math.divide_no_nan(vectors, tf.norm(vectors, axis=-1, keepdims=True))


def _iterate(blocks, u, steps):
    """The vectors `u` after some steps, and their lengths before they became unit."""
    for _ in range(steps):
        v = _unit(tf.linalg.matvec(blocks, u))
        product = tf.linalg.matvec(blocks, v, transpose_a=True)
        moved = _unit(product)
        # A kernel of zeros sends every u to 0, where it would stay for good.
        u = tf.where(tf.reduce_any(moved != 0, axis=-1, keepdims=True), moved, u)
    return u, tf.norm(product, axis=-1)


def _sigma(blocks, u):
    projected = tf.linalg.matvec(blocks, u)
    v = tf.stop_gradient(_unit(projected))
    sigma = tf.reduce_max(tf.reduce_sum(projected * v, axis=-1))
    return tf.where(sigma > 0, sigma, 1.0)
