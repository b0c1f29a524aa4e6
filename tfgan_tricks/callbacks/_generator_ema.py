"""Moving averages of a generator in any model."""

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from tfgan_tricks import _checks
from tfgan_tricks._ema import MovingAverage
from tfgan_tricks.callbacks._after_all import Logs
from tfgan_tricks.callbacks._every import EveryNSteps


class GeneratorEMA(EveryNSteps):
    """A callback that keeps an exponential moving average of a generator's weights.

        a <- beta a + (1 - beta) w

    for the average a and the weights w after each step. Before the first step, a is w.

    Moving statistics are copied. If one execution runs k steps (`steps_per_execution`),
    the callback sees only the last of them, and uses the decay beta^k.

    The trainers of this package do not need this callback: use `ema_decay` there.

    Args:
        generator: The `keras.Model` to average, a part of the trained model.
        decay: Decay beta per step, in [0, 1).

    Attributes:
        average: The averaged `keras.Model`, to sample from and to export.

    Raises:
        ValueError: If `decay` is not in [0, 1).

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
        self._update = tf.function(self.average.update, autograph=False)

    def on_train_begin(self, logs: Logs = None) -> None:
        super().on_train_begin(logs)
        self._averaged = self.step
        if self.step == 0:
            self.average.start()

    def on_steps(self, step: int, logs: Mapping[str, Any]) -> None:
        self._update(tf.constant(self.decay ** (step - self._averaged), tf.float32))
        self._averaged = step
