"""Batch normalization against a fixed reference batch."""

import collections
import math
from collections.abc import Sequence
from typing import Any
from typing import Self

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike

from tfgan_tricks import _checks
from tfgan_tricks import _compat
from tfgan_tricks import replica
from tfgan_tricks._scoped import Scoped
from tfgan_tricks.layers import _data_format
from tfgan_tricks.layers import _updates
from tfgan_tricks.layers._float32 import Float32Layer

_reference = Scoped()


@keras.saving.register_keras_serializable("tfgan_tricks")
class VirtualBatchNorm(Float32Layer):
    """Normalization of each example with a fixed reference batch.

        y = gamma (x - m) / sqrt(v + epsilon) + beta

    where m and v are the mean and the variance of each feature in a mixture. The
    example itself, over its spatial axes, has the share 1 / (n + 1). The n reference
    examples, over their batch and spatial axes, have the share n / (n + 1). Reference
    examples are normalized with the reference alone.

    The layer behaves alike in training and at inference. It computes in float32 under
    any dtype policy. Masked positions do not count.

    It works only in a network inside `VirtualBatchNormalized`, which supplies the
    reference.

    Args:
        epsilon: Number above 0 that is added to the variance.
        data_format: "channels_last" or "channels_first". `None` means the setting of
            Keras, `keras.config.image_data_format()`.
        **kwargs: `name` and `trainable`, as for `keras.layers.Layer`.

    Returns:
        A float32 tensor of the inputs' shape, `[batch, ..., features]` or
        `[batch, features, ...]`.

    Raises:
        ValueError: If `epsilon` is not positive, `data_format` is unknown, or the layer
            runs outside `VirtualBatchNormalized`. A graph raises
            `InvalidArgumentError` instead when it runs.

    Example:

    >>> network = keras.Sequential([keras.Input((3,)), VirtualBatchNorm()])
    >>> generator = VirtualBatchNormalized(network, tf.constant([[1.0, 2.0, 4.0]]))
    >>> generator(tf.constant([[3.0, 2.0, 0.0]])).numpy().round(2)
    array([[ 1.,  0., -1.]], dtype=float32)

    Reference:
        Salimans et al., 2016, section 3.5, arXiv:1606.03498.
    """

    def __init__(
        self, epsilon: float = 1e-5, data_format: str | None = None, **kwargs: Any
    ) -> None:
        _checks.positive(epsilon=epsilon)
        super().__init__(**kwargs)
        self.supports_masking = True
        self.epsilon = epsilon
        self.data_format = _data_format.get(data_format)

    def build(self, input_shape: Any) -> None:
        self._axis = _data_format.axis(self.data_format, input_shape)
        shape = (input_shape[self._axis],)
        self.gamma = self.add_weight(name="gamma", shape=shape, initializer="ones")
        self.beta = self.add_weight(name="beta", shape=shape, initializer="zeros")
        super().build(input_shape)

    def call(self, inputs: tf.Tensor, mask: Any = None) -> tf.Tensor:
        reference = _reference.value
        if reference is None or not reference.is_here():
            return self._unsupplied(inputs)
        spatial = [a for a in range(1, inputs.shape.rank) if a != self._axis]
        weights = None if mask is None else self._weights(mask, inputs.shape.rank)
        if reference.is_complete:
            own = _Moments.of(inputs, spatial, weights)
            moments = reference.moments[id(self)].popleft().mixed_with(own)
        else:
            moments = _Moments.of(inputs, [0, *spatial], weights)
            reference.moments[id(self)].append(moments)
        gamma, beta = (
            tf.reshape(weight, [-1] + [1] * (inputs.shape.rank - 1 - self._axis))
            for weight in (self.gamma, self.beta)
        )
        # A factor per example and feature needs fewer passes over the inputs than two.
        scale = gamma * tf.math.rsqrt(moments.variance + self.epsilon)
        return (inputs - moments.mean) * scale + beta

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        own = {"epsilon": self.epsilon, "data_format": self.data_format}
        return {**super().get_config(), **own}

    def _weights(self, mask, rank):
        """Returns the mask as 0 and 1, to multiply with the inputs."""
        ones = (tf.newaxis,) * (rank - 1 - mask.shape.rank)
        return tf.expand_dims(tf.cast(mask, tf.float32)[(..., *ones)], self._axis)

    def _unsupplied(self, inputs):
        message = (
            "`VirtualBatchNorm` must run in a network inside `VirtualBatchNormalized`, "
            f"which supplies the reference batch. Received: layer={self.name!r}"
        )
        if tf.executing_eagerly():
            raise ValueError(message)
        # Keras traces layers alone to build and to export networks, so a graph must
        # fail only when it runs. XLA drops the assertion, hence the NaN.
        with tf.control_dependencies([tf.debugging.Assert(False, [message])]):
            return inputs * math.nan


class _Moments(collections.namedtuple("_Moments", ["count", "mean", "variance"])):
    """The number of positions, and their mean and variance."""

    @classmethod
    def of(cls, x, axes, weights):
        # Not tf.nn.moments: its second derivative misses the part through the mean.
        def mean_of(values):
            if weights is None:
                return tf.reduce_mean(values, axes, keepdims=True)
            total = tf.reduce_mean(values * weights, axes, keepdims=True)
            return tf.math.divide_no_nan(total, share)

        share = 1.0
        if weights is not None:
            share = tf.reduce_mean(weights, axes, keepdims=True)
        size = tf.reduce_prod(tf.gather(tf.shape(x), axes)) if axes else 1
        mean = mean_of(x)
        return cls(
            tf.cast(size, tf.float32) * share, mean, mean_of(tf.square(x - mean))
        )

    def mixed_with(self, own):
        """Returns the moments of both, in which each position counts once."""
        share = own.count / (own.count + self.count)
        mean = (1.0 - share) * self.mean + share * own.mean
        # The variance of a mixture. Unlike the mean square minus the squared mean, it
        # cannot be negative.
        variance = (
            (1.0 - share) * self.variance
            + share * own.variance
            + share * (1.0 - share) * tf.square(own.mean - self.mean)
        )
        return _Moments(None, mean, variance)


class _Reference:
    """The moments of the reference for each layer and call, in the order of calls."""

    def __init__(self):
        self.moments = collections.defaultdict(collections.deque)
        self.is_complete = False
        self._graph = tf.compat.v1.get_default_graph()

    def is_here(self):
        """Returns `True` if the tensors belong to the current graph."""
        return tf.compat.v1.get_default_graph() is self._graph


@keras.saving.register_keras_serializable("tfgan_tricks")
class VirtualBatchNormalized(keras.Model):
    """A network whose `VirtualBatchNorm` layers share one stored reference batch.

    Each call runs the network on the reference, which gives the layers their
    statistics, and then on the inputs. The activations of the reference therefore use
    the current weights, and the gradient passes through them.

    The reference is a separate batch: layers that mix the examples of a batch, such as
    `MinibatchDiscrimination`, never see it together with the inputs. It adds no losses.
    State that is updated once in a call, such as the vector u of
    `SpectralNormalization`, is updated once. Without such layers, an example's output
    does not depend on the other examples of its batch.

    The reference is a non-trainable weight, which is saved and exported with the
    network.

    Args:
        network: A `keras.Model` with at least one `VirtualBatchNorm`.
        reference: Array of shape `[n, ...]` with at least one input of `network`, such
            as latents for a generator. A network with several inputs needs a list of
            arrays, one per input, such as latents and labels. Each call costs n more
            examples.
        **kwargs: `name`, `trainable` and `dtype`, as for `keras.Model`.

    Returns:
        The outputs of `network` for its inputs.

    Raises:
        ValueError: If `network` has no `VirtualBatchNorm`, if it has a
            `BatchNormalization` that is not frozen, or if `reference` is empty or does
            not fit the network's inputs.

    Example:

    >>> network = keras.Sequential(
    ...     [keras.Input((8,)), keras.layers.Dense(5), VirtualBatchNorm()]
    ... )
    >>> generator = VirtualBatchNormalized(network, tf.random.normal([16, 8]))
    >>> generator(tf.zeros([2, 8])).shape
    TensorShape([2, 5])

    Reference:
        Salimans et al., 2016, section 3.5, arXiv:1606.03498.
    """

    def __init__(
        self,
        network: keras.Model,
        reference: ArrayLike | Sequence[ArrayLike],
        **kwargs: Any,
    ) -> None:
        _check_layers(network)
        arrays = _arrays(network, reference)
        super().__init__(**kwargs)
        self.network = network
        if not self.trainable:
            network.trainable = False  # Keras 3 leaves it trainable in a model.
        if len(arrays) == 1:
            self.reference = _state(self, "reference", arrays[0])
        else:
            self.reference = []
            for i, array in enumerate(arrays):
                state = _state(self, f"reference_{i}", array)
                self.reference.append(state)
                # Keras 3 keeps no list of variables in a checkpoint.
                setattr(self, f"_reference_{i}", state)
        self.build(self.input_shape)

    @property
    def input_shape(self) -> Any:
        return self._of_reference(lambda state: (None, *state.shape[1:]))

    @property
    def output_shape(self) -> Any:
        return self.compute_output_shape(self.input_shape)

    def build(self, input_shape: Any) -> None:
        if not self.network.built:
            self.network.build(input_shape)
        self.built = True

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        reference = _Reference()
        with _reference.set_to(reference), _updates.updates_at_most_once():
            with _compat.without_losses(self.network), replica.each_for_itself():
                self.network(
                    self._of_reference(tf.convert_to_tensor), training=training
                )
            reference.is_complete = True
            return self.network(inputs, training=training)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return tuple(self.network.compute_output_shape(input_shape))

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "name": self.name,
            "network": keras.saving.serialize_keras_object(self.network),
            "reference": self._of_reference(_described),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Self:
        network = keras.saving.deserialize_keras_object(
            config["network"], custom_objects=custom_objects
        )
        reference = config["reference"]
        if isinstance(reference, list):
            reference = [np.zeros(**described) for described in reference]
        else:
            reference = np.zeros(**reference)
        return cls(**{**config, "network": network, "reference": reference})

    def _of_reference(self, function):
        """Applies a function to the reference, or to each of several inputs."""
        if isinstance(self.reference, Sequence):
            return [function(state) for state in self.reference]
        return function(self.reference)


def _state(model, name, array):
    def initializer(shape, dtype=None):
        return tf.constant(array, dtype)

    dtype = array.dtype.name
    return replica.add_state(model, name, array.shape, initializer, dtype, mean=False)


def _described(state):
    return {"shape": list(state.shape), "dtype": tf.as_dtype(state.dtype).name}


def _check_layers(network):
    layers = network._flatten_layers()
    if not any(isinstance(layer, VirtualBatchNorm) for layer in layers):
        raise ValueError(
            "`network` must have a `VirtualBatchNorm` layer. "
            f"Received: network={network.name!r}"
        )
    for layer in network._flatten_layers():
        # Its averages would move towards the reference.
        if isinstance(layer, keras.layers.BatchNormalization) and layer.trainable:
            raise ValueError(
                "`network` must have no trainable `BatchNormalization` layer, which "
                "would include the reference in its statistics. Use `VirtualBatchNorm` "
                f"instead, or freeze it. Received: network={network.name!r} with "
                f"{layer.name!r}"
            )


def _arrays(network, reference):
    """Returns the reference as a list of arrays, one for each input of the network."""
    inputs = getattr(network, "inputs", None)
    several = isinstance(reference, (list, tuple))
    if inputs is None:  # A network that was never called accepts any inputs.
        several = several and all(hasattr(array, "shape") for array in reference)
        inputs = [None] * (len(reference) if several else 1)
    elif len(inputs) > 1 and not (several and len(reference) == len(inputs)):
        raise ValueError(
            f"`reference` must be a list of {len(inputs)} arrays, one for each input "
            f"of `network`. Received: reference={reference!r}"
        )
    else:
        several = len(inputs) > 1
    reference = reference if several else [reference]
    arrays = [_fitted(*pair) for pair in zip(reference, inputs, strict=True)]
    if len({len(array) for array in arrays}) > 1:
        raise ValueError(
            "`reference` must have the same number of rows for all inputs. "
            f"Received: reference.shape={[array.shape for array in arrays]}"
        )
    return arrays


def _fitted(array, spec):
    """Casts an array to the dtype of an input; integers stay if it is unknown."""
    array = np.asarray(array)
    shape, dtype = tf.TensorShape(None), "float32"
    if spec is not None:
        shape, dtype = tf.TensorShape(spec.shape), tf.as_dtype(spec.dtype).name
    elif array.dtype.kind in "iu":
        dtype = array.dtype.name
    fits = array.ndim and array.size and shape.is_compatible_with(array.shape)
    if not fits or "int" in dtype and np.any(array.astype(dtype) != array):
        raise ValueError(
            "`reference` must contain at least one input of `network`, of shape "
            f"{shape} and dtype {dtype}. Received: reference.shape={array.shape} of "
            f"dtype {array.dtype.name}"
        )
    return array.astype(dtype)
