"""Passes through a critic whose outputs and input gradients are both needed."""

from collections.abc import Callable
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

# Small gradients would underflow in float16 on the way to the points. A power of two
# changes no digit in float32. With a larger one, R1's own gradient would be lost.
_SCALE = 16.0


class Pass:
    """One pass through a critic.

    Args:
        critic: Function from samples to logits, or to a list of logits.
        points: Float32 samples of shape `[batch, ...]`.

    Attributes:
        points: The samples, the same object.
        outputs: What the critic returns for them.
    """

    def __init__(self, critic: Callable[[tf.Tensor], Any], points: tf.Tensor):
        self.points = points
        with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
            tape.watch(points)
            self.outputs = critic(points)
            logits = tf.nest.flatten(self.outputs)
            sums = [tf.reduce_sum(tf.cast(each, tf.float32)) for each in logits]
            self._total = _SCALE * tf.add_n(sums)
        self._tape = tape

    def gradients(self) -> tf.Tensor | None:
        """Returns the gradient of the sum of all logits with respect to the points."""
        gradients = self._tape.gradient(self._total, self.points)
        return None if gradients is None else gradients / _SCALE


class KnownCritic:
    """A critic that has already run on some samples.

    Args:
        critic: Function from samples to logits, or to a list of logits.
        passes: Passes through this critic.
    """

    def __init__(self, critic: Callable[[tf.Tensor], Any], passes: Sequence[Pass]):
        self._critic = critic
        self.passes = passes

    def __call__(self, points: tf.Tensor) -> Any:
        return self._critic(points)


def of(critic: Callable, points: tf.Tensor) -> Pass | None:
    """Returns the pass of a critic on the given samples, the same object, or `None`."""
    passes = critic.passes if isinstance(critic, KnownCritic) else ()
    return next((each for each in passes if each.points is points), None)
