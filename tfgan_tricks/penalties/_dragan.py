"""The penalty of DRAGAN, around real samples."""

import dataclasses
from typing import ClassVar

import keras
import tensorflow as tf

from tfgan_tricks import _checks
from tfgan_tricks import replica
from tfgan_tricks.penalties import _base


@keras.saving.register_keras_serializable("tfgan_tricks")
@dataclasses.dataclass(frozen=True)
class DraganPenalty(_base.GradientPenalty):
    """Gradient penalty of DRAGAN, near the real samples.

        lambda mean((||grad C(x + c sigma n)|| - 1)^2)

    for real samples x, where n is drawn from N(0, 1) and sigma is the standard
    deviation of all elements of the global batch of x.

    The noise is Gaussian as in the paper and scaled as in the authors' code. Their code
    draws uniform noise of one sign instead.

    Args:
        weight: Weight lambda of the penalty, at least 0.
        noise_scale: Scale c of the noise in standard deviations, above 0.
        every: Number of steps from one computation of the penalty to the next, an
            integer of at least 1, see `R1`.

    Call arguments:
        critic: Function from samples to logits, see `InterpolatedGradientPenalty`.
        real: Real samples x of shape `[batch, ...]`.
        fake: Not used.
        seed: Two integers that determine the noise.
        step: Number of finished steps, for `every` above 1. `None` computes the penalty
            with its plain weight.

    Returns:
        A float32 scalar.

    Raises:
        ValueError: If `weight` is negative, or if `noise_scale` or `every` is not
            positive.

    >>> import tensorflow as tf
    >>> penalty = DraganPenalty(weight=10.0)
    >>> critic = lambda x: 3.0 * x[:, 0]
    >>> float(penalty(critic, real=tf.eye(4), seed=[0, 1]))
    40.0

    Reference:
        Kodali et al., 2017, arXiv:1705.07215.
    """

    weight: float = 10.0
    noise_scale: float = 0.5
    name: ClassVar[str] = "dragan_penalty"

    def __post_init__(self) -> None:
        super().__post_init__()
        _checks.positive(noise_scale=self.noise_scale)

    def __call__(
        self,
        critic: _base.Critic,
        *,
        real: tf.Tensor,
        fake: tf.Tensor | None = None,
        seed: _base.Seed,
        step: tf.Tensor | int | None = None,
    ) -> tf.Tensor:
        real = tf.cast(real, tf.float32)
        variance = replica.global_mean(tf.square(real - replica.global_mean(real)))
        noise = replica.stateless_normal(tf.unstack(tf.shape(real)), seed)
        points = real + self.noise_scale * tf.sqrt(variance) * noise

        def squared_excess(squares):
            return tf.square(_base.roots(squares) - 1.0)

        return self._mean(squared_excess, critic, points, step)
