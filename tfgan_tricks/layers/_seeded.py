"""The base of layers that draw the same numbers on any number of replicas."""

from typing import Any

import tensorflow as tf

from tfgan_tricks import _parts
from tfgan_tricks import replica
from tfgan_tricks.layers._float32 import Float32Layer


class SeededLayer(Float32Layer):
    """A layer that changes its inputs at random in training, and not at inference.

    Random numbers depend only on the seed and on the number of training calls so far,
    which the layer stores as a weight. Subclasses have a method
    `_changed(inputs, shape, seed)`, which draws them by a function of `replica`.
    """

    def __init__(self, seed: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        self.seed = seed

    def build(self, input_shape: Any) -> None:
        self.calls = replica.add_state(self, "calls", (), dtype="int64", mean=False)
        super().build(input_shape)

    def call(self, inputs: tf.Tensor, training: bool | None = False) -> tf.Tensor:
        if not training:
            return inputs
        seed = _parts.same_in_all(self, self._next_seed)
        return self._changed(inputs, [tf.shape(inputs)[0], *inputs.shape[1:]], seed)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"seed": self.seed}

    def _changed(self, inputs, shape, seed):
        raise NotImplementedError

    def _next_seed(self):
        seed = tf.stack([tf.constant(self.seed, tf.int64), tf.identity(self.calls)])
        self.calls.assign_add(1)
        return seed
