"""Averages of a generator in anyone's model."""

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from tfgan_tricks import _checks
from tfgan_tricks._ema import MovingAverage
from tfgan_tricks.callbacks._after_all import Logs
from tfgan_tricks.callbacks._every import EveryNSteps


class GeneratorEMA(EveryNSteps):
    """Keeps an exponential moving average of a generator's weights.

    a <- decay * a + (1 - decay) * w after every training step, from a = w before the
    first of them.
    Moving statistics are copied. Where one call of Keras' compiled function makes k
    steps (`steps_per_execution`), only the last of them is seen, with decay^k.

    This package's trainers need no such callback: they have `ema_decay`.

    Args:
        generator: the `keras.Model` to average, a part of the model that is trained.
        decay: a number in [0, 1).

    Attributes:
        average: the averaged `keras.Model`, to sample from and to export.

    Raises:
        ValueError: if `decay` is not in [0, 1).

    >>> generator = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    >>> generator.compile(keras.optimizers.SGD(0.5), "mse")  # A step to bias 1.
    >>> ema = GeneratorEMA(generator, decay=0.9)
    >>> history = generator.fit(tf.zeros([8, 1]), tf.ones([8, 1]),
    ...                         callbacks=[ema], verbose=0)
    >>> round(float(ema.average.weights[1][0]), 3)
    0.1
    """

    def __init__(self, generator: keras.Model, decay: float = 0.999) -> None:
        super().__init__(every=1)
        _checks.decay(decay=decay)
        self.generator = generator
        self.decay = decay
        self.average = MovingAverage(generator)
        self._update = tf.function(self.average.update)

    def on_train_begin(self, logs: Logs = None) -> None:
        super().on_train_begin(logs)
        self._averaged = self.step
        if self.step == 0:
            self.average.start()

    def on_steps(self, step: int, logs: Mapping[str, Any]) -> None:
        self._update(tf.constant(self.decay ** (step - self._averaged), tf.float32))
        self._averaged = step
