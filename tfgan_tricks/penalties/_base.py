"""What all gradient penalties share."""

import dataclasses

import tensorflow as tf

from tfgan_tricks import _checks

# Under the root, so that a flat critic has a finite gradient.
_EPSILON = 1e-12
# In float16 small gradients would be lost on the way to the points. A power of two
# changes no digit in float32. By a larger one, R1's own gradient gets lost instead.
_SCALE = 16.0


@dataclasses.dataclass(frozen=True)
class GradientPenalty:
    """A weighted function of the norms of the critic's input gradients.

    Penalties are frozen: their arguments are their identity, and they can be saved and
    used as default arguments.
    """

    weight: float

    def __post_init__(self):
        _checks.not_negative(weight=self.weight)

    def get_config(self):
        return dataclasses.asdict(self)

    @classmethod
    def from_config(cls, config):
        return cls(**config)


def squared_norms(critic, points):
    """Squared norms of the critic's gradient at each point; shape `[batch]`, float32.

    The logits of a sample (several for a patch critic) are summed. A critic that does
    not depend on its input has norm zero.
    """
    points = tf.stop_gradient(tf.cast(points, tf.float32))
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(points)
        total = _SCALE * tf.reduce_sum(tf.cast(critic(points), tf.float32))
    gradients = tape.gradient(
        total, points, unconnected_gradients=tf.UnconnectedGradients.ZERO
    )
    gradients /= _SCALE
    return tf.reduce_sum(tf.square(gradients), axis=range(1, gradients.shape.rank))


def norms(critic, points):
    """Norms of the critic's gradient at each point; shape `[batch]`, float32."""
    return tf.sqrt(squared_norms(critic, points) + _EPSILON)


def one_per_sample(draw, samples, seed):
    """One random number per sample, of shape `[batch, 1, ...]`."""
    ones = [1] * (samples.shape.rank - 1)
    return draw([tf.shape(samples)[0], *ones], seed)


def check_same_shape(real, fake):
    if not real.shape.is_compatible_with(fake.shape):
        raise ValueError(
            "`real` and `fake` must have the same shape. "
            f"Received: real.shape={real.shape}, fake.shape={fake.shape}"
        )
