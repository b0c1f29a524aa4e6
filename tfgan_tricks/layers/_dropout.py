"""Dropout that is the same on any number of replicas, and after a restart."""

from typing import Any

import keras
import tensorflow as tf

from tfgan_tricks import _checks
from tfgan_tricks import replica
from tfgan_tricks.layers._seeded import SeededLayer


@keras.saving.register_keras_serializable("tfgan_tricks")
class Dropout(SeededLayer):
    """Dropout in training, and the inputs at inference.

        y = x m / (1 - p)

    where each m is independently 0 with probability p and otherwise 1.

    Unlike `keras.layers.Dropout`, m depends only on the seed and on the number of
    training calls so far, which the layer stores as a weight. It is drawn for the
    global batch. A resumed run therefore drops the same values, as does a run on
    several replicas.

    Args:
        rate: Probability p that a value becomes 0, in [0, 1).
        seed: Integer seed. Use a different one for each layer of a network.
        **kwargs: `name`, as for `keras.layers.Layer`.

    Returns:
        A float32 tensor of the shape of the inputs.

    Raises:
        ValueError: If `rate` is not in [0, 1).

    >>> layer = Dropout(0.75)
    >>> layer(tf.ones([2])).numpy()
    array([1., 1.], dtype=float32)
    >>> values = layer(tf.ones([10_000]), training=True)
    >>> sorted(set(values.numpy().tolist()))
    [0.0, 4.0]
    >>> 0.9 < float(tf.reduce_mean(values)) < 1.1
    True

    Reference:
        Srivastava et al., 2014, Journal of Machine Learning Research 15.
    """

    def __init__(self, rate: float, seed: int = 0, **kwargs: Any) -> None:
        _checks.decay(rate=rate)
        super().__init__(seed, **kwargs)
        self.rate = rate

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"rate": self.rate}

    def _changed(self, inputs, shape, seed):
        is_kept = replica.stateless_uniform(shape, seed) >= self.rate
        return tf.where(is_kept, inputs / (1.0 - self.rate), 0.0)
