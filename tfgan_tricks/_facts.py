"""Properties of networks, found from their layers and shapes."""

import inspect
import re
from collections.abc import Iterator
from typing import Any
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from tfgan_tricks import _compat

Shape = tuple[int | None, ...]
Range = tuple[float, float]

_KNOWN = ("keras.", "tensorflow.", "tensorflow_addons.", "tfgan_tricks.")
_LABEL_NAMES = ("label", "class", "categor", "condition")

# By name, since each version of Keras has some of them only. At inference their outputs
# are the inputs, or means or maxima of inputs, in another shape.
_SAME_VALUES = """InputLayer Identity Reshape Flatten Permute RepeatVector CenterCrop
    Cropping1D Cropping2D Cropping3D UpSampling1D UpSampling2D UpSampling3D
    MaxPooling1D MaxPooling2D MaxPooling3D AveragePooling1D AveragePooling2D
    AveragePooling3D GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D
    GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D Dropout
    SpatialDropout1D SpatialDropout2D SpatialDropout3D AlphaDropout GaussianDropout
    GaussianNoise ActivityRegularization Resizing""".split()
_SAME_VALUES_AND_ZERO = ("ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D")
_WITHIN_INPUTS = ("nearest", "bilinear", "area")
_ACTIVATION_LAYERS = {
    "ReLU": "relu",
    "LeakyReLU": "leaky_relu",
    "PReLU": "prelu",
    "ELU": "elu",
    "Softmax": "softmax",
}
_ALIASES = {"softmax_v2": "softmax", "swish": "silu"}
_RANGES = {
    "tanh": (-1.0, 1.0),
    "hard_tanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
    "soft_sign": (-1.0, 1.0),
    "erf": (-1.0, 1.0),
    "sin": (-1.0, 1.0),
    "cos": (-1.0, 1.0),
    "sigmoid": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "sparse_sigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "sparsemax": (0.0, 1.0),
    "relu6": (0.0, 6.0),
}


class _Input(NamedTuple):
    """One input of a network, with its key if the inputs are a dict."""

    key: str | None
    shape: Shape
    dtype: str | None


def input_shapes(network: Any) -> tuple[Shape, ...]:
    """Returns a shape with batch axis `None` for each input, labels last.

    The tuple is empty for a network that is not built.
    """
    return tuple(one.shape for one in _inputs(network))


def output_shape(network: Any) -> Shape | list[Shape] | None:
    """Returns the shape of the output, a list for several, or `None` if unknown."""
    network = _seen_through(network)
    taken = _inputs(network)
    if not taken:
        return None
    shape = getattr(network, "output_shape", None)
    if shape is None:
        specs = [
            tf.TensorSpec(one.shape, one.dtype or ("int32" if is_label else "float32"))
            for one, is_label in zip(taken, (False, _is_index(taken)), strict=False)
        ]
        try:
            shape = _compat.output_shapes(network, _structured(taken, specs))
        except Exception:  # The network's own code may need other inputs.
            return None
    shapes = [_with_free_batch(leaf) for _, leaf in _leaves(shape)]
    return shapes[0] if len(shapes) == 1 else shapes


def latent_dim(generator: Any) -> int:
    """Returns the length of a generator's latents.

    Raises:
        ValueError: If `generator` is not built, or its inputs are not latents of known
            length, alone or followed by labels.
    """
    taken = _inputs(generator)
    if not taken:
        raise ValueError(
            "`generator` must have inputs of known shape. Begin it with `keras.Input`, "
            "or build it: call it once on latents. "
            f"Received: generator.input_shape=None of generator={generator!r}"
        )
    latents = taken[0].shape
    if len(taken) > 1 and not _takes_labels(taken) or len(latents) != 2:
        latents = (None, None)
    if latents[1] is None:
        raise ValueError(
            "`generator` must have latents of known shape (None, latent_dim) as input, "
            "alone or followed by labels of shape (None,), (None, 1) or, one-hot, "
            "(None, num_classes). Flatten or reshape other inputs in the network. "
            "Received: "
            f"generator.input_shape={', '.join(str(one.shape) for one in taken)}"
        )
    return latents[1]


def is_conditional(network: Any) -> bool:
    """Returns `True` if the network has a second input, for labels."""
    return _takes_labels(_inputs(network))


def inputs(network: Any, x: Any, labels: Any = None) -> Any:
    """Returns the inputs of a network: `x`, with `labels` if it has a label input.

    Args:
        network: Network whose label input, if any, has shape `(None,)` or `(None, 1)`,
            or `(None, K)` for one-hot labels.
        x: Tensor of latents or examples.
        labels: Class indices `[batch]` or `[batch, 1]`, or rows `[batch, K]`. They are
            converted to the form of the label input if necessary.

    Raises:
        ValueError: If labels are missing or cannot be converted.
    """
    taken = _inputs(network)
    if not _takes_labels(taken):
        return _structured(taken, [x])
    if labels is None:
        raise ValueError(
            "`labels` must be given: the network has a label input of shape "
            f"{taken[1].shape}. Received: labels=None"
        )
    return _structured(taken, [x, _as_declared(labels, taken[1])])


def num_classes(network: Any) -> int | None:
    """Returns the number of classes of a conditional network, or `None` if unknown.

    It is the number of columns of a one-hot input, or the number of tokens of the
    `Embedding` or `CategoryEncoding` layers that read the labels.
    """
    network = _seen_through(network)
    taken = _inputs(network)
    if not _takes_labels(taken):
        return None
    if not _is_index(taken):
        return taken[1].shape[1]
    known = {
        getattr(layer, "input_dim", None) or layer.num_tokens
        for reader in _label_readers(network, taken[1].key)
        for layer in reader._flatten_layers()
        if isinstance(layer, keras.layers.Embedding | keras.layers.CategoryEncoding)
    }
    return known.pop() if len(known) == 1 else None


def activation(network: Any) -> str | None:
    """Returns the name of the network's last activation, or `None` if unknown.

    Later layers that only reshape, pool or rescale are ignored.
    """
    for step in _steps_from_the_end(network):
        if not (_keeps_range(step) or _is_keras(step, "Rescaling")):
            return _activation_of(step)
    return "linear"


def output_range(network: Any) -> Range | None:
    """Returns the least and greatest output, or `None` if unknown or unbounded."""
    later = []
    for step in _steps_from_the_end(network):
        if not (_keeps_range(step) or _is_keras(step, "Rescaling")):
            bounds = _range_of(step)
            break
        later.append(step)
    else:
        return None
    for step in reversed(later):
        if bounds is not None:
            bounds = _mapped(bounds, step)
    return bounds


def _seen_through(network):
    """Returns the averaged network of a moving average, or the network itself."""
    return getattr(network, "averaged", network)


def _inputs(network):
    network = _seen_through(network)
    structure = _compat.input_structure(network)
    if structure is None:
        structure = getattr(network, "input_shape", None)
    taken = []
    for key, leaf in _leaves(structure):
        shape = getattr(leaf, "shape", leaf)
        if not _is_shape(shape):
            return []
        dtype = getattr(leaf, "dtype", None)
        name = dtype and tf.as_dtype(dtype).name
        taken.append(_Input(key, _with_free_batch(shape), name))
    if isinstance(structure, dict):
        taken.sort(key=lambda one: str(one.key).lower().startswith(_LABEL_NAMES))
    return taken


def _leaves(structure):
    """Returns a dict's keys and values, or `None` with each tensor or shape."""
    if structure is None:
        return []
    if isinstance(structure, dict):
        return list(structure.items())
    if isinstance(structure, list | tuple) and not _is_shape(structure):
        return [(None, leaf) for leaf in structure]
    return [(None, structure)]


def _is_shape(value):
    if isinstance(value, tf.TensorShape):
        return bool(value.rank)
    return (
        isinstance(value, list | tuple)
        and len(value) > 0
        and all(size is None or isinstance(size, int) for size in value)
    )


def _with_free_batch(shape):
    return (None, *tuple(shape)[1:])


def _structured(taken, values):
    """Returns values in the structure of a network's inputs: single, list or dict."""
    if taken and taken[0].key is not None:
        return {one.key: x for one, x in zip(taken, values, strict=False)}
    return values[0] if len(values) == 1 else values


def _takes_labels(taken):
    return len(taken) == 2 and len(taken[1].shape) <= 2


def _is_index(taken):
    return _takes_labels(taken) and taken[1].shape in ((None,), (None, 1))


def _as_declared(labels, declared):
    """Converts labels to the form of the network's label input."""
    labels = tf.convert_to_tensor(labels)
    if labels.shape.rank is None:
        return labels
    given, wanted = _with_free_batch(labels.shape), declared.shape
    is_row = len(given) == 2 and given[1] != 1
    if labels.shape.rank > 2 or is_row and len(wanted) == 2 and wanted[1] != 1:
        return _checked_rows(labels, declared)
    if given == wanted:
        return labels
    if is_row:
        labels = tf.argmax(labels, axis=1, output_type=tf.int32)
    if wanted in ((None,), (None, 1)):
        return tf.reshape(labels, [-1, *wanted[1:]])
    indices = tf.cast(tf.reshape(labels, [-1]), tf.int32)
    return tf.one_hot(indices, wanted[1], dtype=declared.dtype or "float32")


def _checked_rows(labels, declared):
    if not labels.shape.is_compatible_with(declared.shape):
        raise ValueError(
            "`labels` must be class indices of shape (batch,), or rows of the shape of "
            f"the network's label input, {declared.shape}. "
            f"Received: labels.shape={labels.shape}"
        )
    if labels.dtype.is_floating:
        return labels
    return tf.cast(labels, declared.dtype or "float32")


def _label_readers(network, key):
    """Returns the layers that read a network's labels, directly or reshaped."""
    structure = _compat.input_structure(network)
    if not has_graph(network):
        return [network]
    reached = [structure[key] if isinstance(structure, dict) else structure[1]]
    readers = []
    for tensor in reached:
        for layer, outputs in _compat.consumers(network, tensor):
            if _keeps_range(layer):
                reached.extend(outputs)
            elif isinstance(layer, keras.layers.Layer):
                readers.append(layer)
    return readers


def has_graph(network: Any) -> bool:
    """Returns `True` for Functional and Sequential models with the `call` of Keras."""
    return _is_known(network) and bool(getattr(network, "outputs", None))


def _is_known(step):
    """Returns `True` if the code of a layer or an operation is not a user's."""
    call = inspect.unwrap(type(step).call) if hasattr(type(step), "call") else None
    return getattr(call, "__module__", "").startswith(_KNOWN)


def _is_keras(step, *names):
    return _is_known(step) and any(kind.__name__ in names for kind in type(step).mro())


def _steps_from_the_end(network: Any) -> Iterator[Any]:
    """Yields layers from the last one back, up to a layer with several inputs.

    Models and wrappers are replaced by their layers. `None` stands for unknown code.
    """
    network = _seen_through(network)
    if _is_keras(network, "VirtualBatchNormalized"):
        yield from _steps_from_the_end(network.network)
    elif _is_keras(network, "TimeDistributed", "SpectralNormalization"):
        yield from _steps_from_the_end(network.layer)
    elif _is_keras(network, "Sequential"):
        for layer in reversed(network.layers):
            yield from _steps_from_the_end(layer)
    elif not isinstance(network, keras.Model):
        yield network
    elif not has_graph(network):
        yield None
    else:
        tensors = network.outputs
        while len(tensors) == 1:
            layer, tensors, options = _compat.producer(tensors[0])
            yield from [None] if options.get("training") else _steps_from_the_end(layer)
        if tensors:
            yield None


def _keeps_range(step):
    if getattr(step, "interpolation", "nearest") not in _WITHIN_INPUTS:
        return False
    if getattr(step, "pad_to_aspect_ratio", False):
        return False
    if _is_keras(step, "Activation"):
        return _activation_of(step) == "linear"
    return _is_keras(step, *_SAME_VALUES, *_SAME_VALUES_AND_ZERO)


def _activation_of(step):
    """Returns the name of the activation with which a layer ends, or `None`."""
    if step is None or not _is_known(step) or isinstance(step, keras.layers.RNN):
        return None
    if hasattr(step, "activation"):
        return _name_of(step.activation)
    kind = type(step).__name__
    if kind in _ACTIVATION_LAYERS:
        return _ACTIVATION_LAYERS[kind]
    # A function that Keras converted to a layer or an operation.
    name = re.sub("(?<=[a-z])(?=[A-Z])", "_", kind).lower()
    name = _name_of(step.function) if hasattr(step, "function") else name
    return name if hasattr(keras.activations, name or "") or name in _RANGES else None


def _name_of(function):
    if isinstance(function, keras.layers.Layer):
        return _activation_of(function)
    # A user's function may have the name of a known one.
    if not inspect.isfunction(function) or not function.__module__.startswith(_KNOWN):
        return None
    return _ALIASES.get(function.__name__, function.__name__)


def _range_of(step):
    function = getattr(step, "activation", None)
    if isinstance(function, keras.layers.Layer):
        return _range_of(function)
    if _is_keras(step, "ReLU") and isinstance(step, keras.layers.Layer):
        bounded = step.max_value is not None and not step.negative_slope
        return (0.0, float(step.max_value)) if bounded else None
    return _RANGES.get(_activation_of(step))


def _mapped(bounds, step):
    """Returns the range after a layer that rescales or pads."""
    if _is_keras(step, "Rescaling"):
        ends = [np.asarray(step.scale) * bound + step.offset for bound in bounds]
        return float(np.min(ends)), float(np.max(ends))
    if _is_keras(step, *_SAME_VALUES_AND_ZERO):
        return min(bounds[0], 0.0), max(bounds[1], 0.0)
    return bounds
