"""A guard against training on after divergence."""

import math

from tfgan_tricks.callbacks._every import EveryNSteps


class StopOnNonFinite(EveryNSteps):
    """Ends training with an error as soon as any value in the logs is not finite.

    `keras.callbacks.TerminateOnNaN` looks at `logs["loss"]` only, which a GAN does
    not have. Put it before callbacks that save, so that they do not save the wreck.

    Raises:
        FloatingPointError: From `fit`, naming the step and every such value.

    >>> import keras
    >>> import tensorflow as tf
    >>> model = keras.Sequential([keras.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> x = tf.ones([8, 1]) * float("inf")
    >>> model.fit(x, x, callbacks=[StopOnNonFinite()], verbose=0)
    Traceback (most recent call last):
    ...
    FloatingPointError: Training has diverged at step 1: ...
    """

    def __init__(self):
        super().__init__(every=1)

    def on_steps(self, step, logs):
        wrong = {name: v for name, v in logs.items() if not math.isfinite(v)}
        if wrong:
            received = ", ".join(f"{name}={value}" for name, value in wrong.items())
            raise FloatingPointError(
                f"Training has diverged at step {step}: every loss must be finite. "
                f"Received: {received}"
            )
