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
    """The gradient penalty of DRAGAN, in a neighbourhood of the real samples.

        weight * E[(||grad C(real + d)|| - 1)^2],  d ~ N(0, (noise_scale s)^2 I)

    where s is the standard deviation over all elements of the global batch `real`. The
    noise is Gaussian as in the paper and scaled as in the authors' code, which draws
    uniform noise of one sign instead.

    Args:
        weight: the paper's lambda, zero or more.
        noise_scale: standard deviation of the noise in units of s, above zero.

    Call arguments, Returns: as in `InterpolatedGradientPenalty`; `fake` is not used.

    Raises:
        ValueError: if `weight` is negative or `noise_scale` not positive.

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
    ) -> tf.Tensor:
        real = tf.cast(real, tf.float32)
        variance = replica.global_mean(tf.square(real - replica.global_mean(real)))
        noise = replica.stateless_normal(tf.unstack(tf.shape(real)), seed)
        points = real + self.noise_scale * tf.sqrt(variance) * noise
        excess = _base.norms(critic, points) - 1.0
        return self.weight * tf.reduce_mean(tf.square(excess))
