"""Spectral normalization that does not modify the kernel."""

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
# The attributes of Keras for the kernel of these layers, and for how they use it.
_KERNELS = ("kernel", "depthwise_kernel", "embeddings")
_USES = ("call", "convolution_op", *_KERNELS)
_WARM_UP_ITERATIONS = 15
_MODES = ("divide", "project")


@keras.saving.register_keras_serializable("tfgan_tricks")
class SpectralNormalization(keras.layers.Wrapper):
    """Wrapper that divides a layer's kernel by its largest singular value.

        v = W^T u / ||W^T u||
        sigma = u^T W v

    for a kernel W and a vector u. The layer computes with `W / sigma`. It never writes
    to W, and it also normalizes at inference. Power iteration keeps u close to the
    first left singular vector:

        u <- W v / ||W v||

    The gradient passes through sigma, with u and v held constant. The layer computes
    sigma in float32 from the stored kernel, whatever the dtype policy.

    W has a row for each output. The matrix of a convolution, also of a transposed one,
    has a column for each input channel and offset. A depthwise convolution, or one with
    `groups`, has one matrix for each group, and sigma is the largest value over the
    groups. The matrix of an `Embedding` is the whole table.

    Each call with `training=True` updates u. Inside `layers.updates_once()` only the
    first call does, inside `layers.updates_never()` none does. Freezing the layer, the
    wrapped layer or a network around it (`trainable = False`) also freezes u and the
    kernel, as it freezes the averages of `BatchNormalization`.

    With LoRA, W is the sum that the wrapped layer computes with. Quantized kernels are
    unsupported. The wrapped layer handles masks.

    With `mode="project"` the layer overwrites the kernel instead, `W <- W / sigma`,
    each time it updates u, with `sigma = |W v|`. Between updates and at inference the
    layer uses the stored kernel, and no gradient passes through sigma. Given the same
    u, TensorFlow Addons computes the same kernel, except for transposed convolutions,
    where it uses another matrix. Use this mode to compare with Addons, or to continue a
    run that began with it.

    Args:
        layer: A `Dense`, `Conv1D`, `Conv2D`, `Conv3D`, `Conv1DTranspose`,
            `Conv2DTranspose`, `Conv3DTranspose`, `DepthwiseConv1D`, `DepthwiseConv2D`
            or `Embedding` layer, or an instance of a subclass that does not change how
            the kernel is used.
        power_iterations: Number of power iterations for each update of u, an integer
            of at least 1.
        mode: "divide" or "project".
        **kwargs: `name` and `trainable`, as for `keras.layers.Layer`. The dtype is the
            dtype of the kernel.

    Raises:
        TypeError: If `layer` is a layer of another kind.
        ValueError: If `power_iterations` is not a positive integer, `mode` is unknown,
            the layer is quantized, or `mode` is "project" for a layer with LoRA.

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
        # Keras 3 postpones initializers while it infers shapes, so the kernel has its
        # value when this one runs.
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
        # The gradient of a product needs fewer passes than the gradient of a quotient.
        scale = 1.0 / _sigma(blocks, u)
        if isinstance(self.layer, keras.layers.Embedding):
            outputs = self.layer(inputs)
            return outputs * tf.cast(scale, outputs.dtype)
        # These layers are linear before the bias: (W / sigma) x = W (x / sigma). The
        # wrapped layer can therefore stay unchanged.
        inputs = tf.cast(inputs, self.compute_dtype)
        return self.layer(inputs * tf.cast(scale, inputs.dtype))

    def normalized_kernel(self) -> tf.Tensor:
        """Returns the kernel in use, `W / sigma`, in float32 and the kernel's shape."""
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
        """Returns the kernel that the wrapped layer uses, a variable or a sum."""
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
        """Returns the transposed matrices, `[blocks, inputs, outputs]`."""
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
    """Refuses subclasses that use the kernel in another way, and miss the division."""
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
            "`layer` must not be quantized: sigma is computed from a floating-point "
            "kernel. Exclude the layer with the argument `filters` of "
            "`Model.quantize`. "
            f"Received: layer={layer.name!r} with quantization_mode={quantization!r}"
        )
    if mode == "project" and getattr(layer, "lora_enabled", False):
        raise ValueError(
            "`mode` must be 'divide' for a layer with LoRA: its kernel is a sum, which "
            f"cannot be overwritten. Received: mode='project' with layer={layer.name!r}"
        )


def _unit(vectors):
    return tf.math.divide_no_nan(vectors, tf.norm(vectors, axis=-1, keepdims=True))


def _iterate(blocks, u, steps):
    """Returns `u` after some steps, and its lengths before the last normalization."""
    for _ in range(steps):
        v = _unit(tf.linalg.matvec(blocks, u))
        product = tf.linalg.matvec(blocks, v, transpose_a=True)
        moved = _unit(product)
        # A kernel of zeros sends every u to 0, where it would stay forever.
        u = tf.where(tf.reduce_any(moved != 0, axis=-1, keepdims=True), moved, u)
    return u, tf.norm(product, axis=-1)


def _sigma(blocks, u):
    projected = tf.linalg.matvec(blocks, u)
    v = tf.stop_gradient(_unit(projected))
    sigma = tf.reduce_max(tf.reduce_sum(projected * v, axis=-1))
    return tf.where(sigma > 0, sigma, 1.0)
