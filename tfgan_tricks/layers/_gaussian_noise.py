"""Noise that is the same on any number of replicas, and after a restart."""

from typing import Any

import keras
import tensorflow as tf

from tfgan_tricks import _checks
from tfgan_tricks import replica
from tfgan_tricks.layers._seeded import SeededLayer


@keras.saving.register_keras_serializable("tfgan_tricks")
class GaussianNoise(SeededLayer):
    """Normal noise in training, and none at inference.

        y = x + sigma n

    where n is drawn from N(0, 1).

    Unlike `keras.layers.GaussianNoise`, n depends only on the seed and on the number of
    training calls so far, which the layer stores as a weight. It is drawn for the
    global batch. A resumed run therefore sees the same noise, as does a run on several
    replicas.

    Args:
        stddev: Standard deviation sigma in units of the inputs, at least 0.
        seed: Integer seed. Use a different one for each layer of a network.
        **kwargs: `name`, as for `keras.layers.Layer`.

    Returns:
        A float32 tensor of the shape of the inputs.

    Raises:
        ValueError: If `stddev` is negative.

    >>> layer = GaussianNoise(0.5)
    >>> layer(tf.ones([2])).numpy()
    array([1., 1.], dtype=float32)
    >>> noise = layer(tf.zeros([10_000]), training=True)
    >>> 0.48 < float(tf.math.reduce_std(noise)) < 0.52
    True

    Reference:
        Salimans et al., 2016, whose discriminators have noise on the input and on all
        hidden layers, arXiv:1606.03498.
    """

    def __init__(self, stddev: float, seed: int = 0, **kwargs: Any) -> None:
        _checks.not_negative(stddev=stddev)
        super().__init__(seed, **kwargs)
        self.stddev = stddev

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"stddev": self.stddev}

    def _changed(self, inputs: tf.Tensor, shape: Any, seed: tf.Tensor) -> tf.Tensor:
        return inputs + self.stddev * replica.stateless_noise(shape, seed)
