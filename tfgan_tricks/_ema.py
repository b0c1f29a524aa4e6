"""Exponential moving averages of a network's weights."""

import itertools
from collections.abc import Sequence
from typing import Any
from typing import Self

import keras
import tensorflow as tf

from tfgan_tricks import _compat
from tfgan_tricks import replica


@keras.saving.register_keras_serializable("tfgan_tricks")
class MovingAverage(keras.Model):
    """A network that runs with moving averages instead of its weights.

        a <- beta a + (1 - beta) w

    for each weight w and its average a. Weights that are never trained, such as moving
    statistics, are copied.

    The network is shared, not copied. Its functions need no serialization, and weights
    that are set before the first update, such as pretrained ones, count.

    Args:
        network: A built `keras.Model` whose floating-point weights are float32.
        **kwargs: `name`, as for `keras.Model`.

    Attributes:
        averaged: The network.

    Raises:
        ValueError: If a weight has half precision, in which averages do not move.
    """

    def __init__(self, network: keras.Model, **kwargs: Any):
        kwargs.setdefault("name", f"average_of_{network.name}")
        super().__init__(autocast=False, **kwargs)
        _check_dtypes(network)
        # Functions, since Keras would treat the network and its weights as ours.
        self._averaged = lambda: network
        originals = list(network.weights)
        self._originals = lambda: originals
        parameters = {id(variable) for variable in _compat.parameters(network)}
        self._is_parameter = [id(weight) in parameters for weight in originals]
        self._averages = [
            replica.add_state(
                self,
                f"average_{index}",
                weight.shape,
                dtype=_dtype(weight),
                mean=tf.as_dtype(weight.dtype).is_floating,
            )
            for index, weight in enumerate(originals)
        ]
        for index, variable in enumerate(self._averages):
            # TensorFlow's checkpoints do not save lists of Keras 3 variables.
            setattr(self, f"average_{index}", variable)
        self.start()
        self.built = True

    @property
    def averaged(self) -> keras.Model:
        return self._averaged()

    @property
    def input_shape(self) -> Any:
        return self.averaged.input_shape

    @property
    def output_shape(self) -> Any:
        return self.averaged.output_shape

    @property
    def trainable_weights(self) -> list:
        return list(itertools.compress(self._averages, self._is_parameter))

    @property
    def non_trainable_weights(self) -> list:
        are_copies = [not is_parameter for is_parameter in self._is_parameter]
        return list(itertools.compress(self._averages, are_copies))

    # Separate properties in Keras 3.
    trainable_variables = trainable_weights
    non_trainable_variables = non_trainable_weights

    def build(self, input_shape: Any = None) -> None:
        self.built = True

    def call(self, inputs: Any, training: bool = False) -> Any:
        with _compat.substituted(self._originals(), self._averages):
            return self.averaged(inputs, training=training)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return self.averaged.compute_output_shape(input_shape)

    def start(self) -> None:
        """Sets every average to the current weight."""
        for average, weight in self._pairs():
            average.assign(tf.convert_to_tensor(weight))

    def update(self, decay: float | tf.Tensor) -> None:
        """Updates the averages.

        Args:
            decay: Decay beta of this update, in [0, 1).
        """
        pairs = zip(self._pairs(), self._is_parameter, strict=True)
        for (average, weight), is_parameter in pairs:
            value = tf.convert_to_tensor(weight)
            if is_parameter:
                average.assign_add(tf.cast(1 - decay, value.dtype) * (value - average))
            else:
                average.assign(value)

    def save_network(self, path: str) -> None:
        """Saves the network with the averages as weights, like `keras.Model.save`.

        Args:
            path: Path of the file.
        """
        weights = self.averaged.get_weights()
        self._assign(tf.convert_to_tensor(average) for average in self._averages)
        try:
            self.averaged.save(path)
        finally:
            self.averaged.set_weights(weights)

    def get_config(self) -> dict[str, Any]:
        network = keras.saving.serialize_keras_object(self.averaged)
        return {"name": self.name, "network": network}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Self:
        network = keras.saving.deserialize_keras_object(
            config["network"], custom_objects=custom_objects
        )
        return cls(network, name=config["name"])

    def _pairs(self) -> Sequence[tuple]:
        return list(zip(self._averages, self._originals(), strict=True))

    def _assign(self, values):
        for weight, value in zip(self._originals(), values, strict=True):
            weight.assign(value)


def _dtype(weight: Any) -> str:
    return tf.as_dtype(weight.dtype).name


def _check_dtypes(network):
    half = {_dtype(weight) for weight in network.weights} & {"float16", "bfloat16"}
    if half:
        raise ValueError(
            f"`{network.name}` must have float32 weights to be averaged: averages do "
            "not move in half precision. Use the dtype policy "
            f"mixed_{min(half)}. Received: weights of dtype {', '.join(sorted(half))}"
        )
