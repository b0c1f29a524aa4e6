"""Penalties at random points between real and fake samples."""

import dataclasses
from typing import ClassVar

import keras
import tensorflow as tf

from tfgan_tricks import replica
from tfgan_tricks.penalties import _base


def _interpolates(real, fake, seed):
    _base.check_same_shape(real, fake)
    real, fake = tf.cast(real, tf.float32), tf.cast(fake, tf.float32)
    share = _base.one_per_sample(replica.stateless_uniform, real, seed)
    return share * real + (1.0 - share) * fake


@keras.saving.register_keras_serializable("tfgan_tricks")
@dataclasses.dataclass(frozen=True)
class InterpolatedGradientPenalty(_base.GradientPenalty):
    """Gradient penalty of WGAN-GP, two-sided or one-sided.

        lambda mean((||grad C(p)|| - 1)^2)
        p = u x + (1 - u) G(z)

    for pairs of a real sample x and a fake sample G(z), where u is drawn from U(0, 1)
    for each pair. With `one_sided=True`, only norms above 1 are penalized:

        lambda mean(max(0, ||grad C(p)|| - 1)^2)

    Args:
        weight: Weight lambda of the penalty, at least 0.
        one_sided: If `True`, only norms above 1 are penalized.
        every: Number of steps from one computation of the penalty to the next, an
            integer of at least 1, see `R1`.

    Call arguments:
        critic: Differentiable function from float32 samples `[batch, ...]` to logits
            whose first axis is the batch, or to a list of such logits.
        real: Real samples of shape `[batch, ...]`. Integers, such as uint8 images,
            reach the critic as float32.
        fake: Fake samples of the same shape.
        seed: Two integers that determine the interpolates.
        step: Number of finished steps, for `every` above 1. `None` computes the penalty
            with its plain weight.

    Returns:
        A float32 scalar.

    Raises:
        ValueError: If `weight` is negative, if `every` is not positive, if `real` and
            `fake` differ in shape, or if the critic is not differentiable with respect
            to its input.

    >>> import tensorflow as tf
    >>> penalty = InterpolatedGradientPenalty(weight=10.0)
    >>> critic = lambda x: 3.0 * x[:, 0]
    >>> real, fake = tf.ones([4, 2]), tf.zeros([4, 2])
    >>> float(penalty(critic, real=real, fake=fake, seed=[0, 1]))
    40.0

    Reference:
        Gulrajani et al., 2017, arXiv:1704.00028.
    """

    weight: float = 10.0
    one_sided: bool = False
    name: ClassVar[str] = "gradient_penalty"

    def __call__(
        self,
        critic: _base.Critic,
        *,
        real: tf.Tensor,
        fake: tf.Tensor,
        seed: _base.Seed,
        step: tf.Tensor | int | None = None,
    ) -> tf.Tensor:
        def squared_excess(squares):
            excess = _base.roots(squares) - 1.0
            return tf.square(tf.nn.relu(excess) if self.one_sided else excess)

        points = _interpolates(real, fake, seed)
        return self._mean(squared_excess, critic, points, step)


@keras.saving.register_keras_serializable("tfgan_tricks")
@dataclasses.dataclass(frozen=True)
class ZeroCenteredInterpolated(_base.GradientPenalty):
    """Zero-centered gradient penalty at interpolates (0-GP).

        lambda mean(||grad C(p)||^2)
        p = u x + (1 - u) G(z)

    for pairs of a real sample x and a fake sample G(z), where u is drawn from U(0, 1)
    for each pair.

    Args:
        weight: Weight lambda of the penalty, at least 0.
        every: Number of steps from one computation of the penalty to the next, an
            integer of at least 1, see `R1`.

    Call arguments:
        critic: Function from samples to logits, see `InterpolatedGradientPenalty`.
        real: Real samples of shape `[batch, ...]`.
        fake: Fake samples of the same shape.
        seed: Two integers that determine the interpolates.
        step: Number of finished steps, for `every` above 1. `None` computes the penalty
            with its plain weight.

    Returns:
        A float32 scalar.

    Raises:
        ValueError: If `weight` is negative, if `every` is not positive, if `real` and
            `fake` differ in shape, or if the critic is not differentiable with respect
            to its input.

    >>> import tensorflow as tf
    >>> penalty = ZeroCenteredInterpolated(weight=10.0)
    >>> critic = lambda x: 3.0 * x[:, 0]
    >>> real, fake = tf.ones([4, 2]), tf.zeros([4, 2])
    >>> float(penalty(critic, real=real, fake=fake, seed=[0, 1]))
    90.0

    Reference:
        Thanh-Tung et al., 2019, arXiv:1902.03984.
    """

    weight: float = 10.0
    name: ClassVar[str] = "zero_centered_penalty"

    def __call__(
        self,
        critic: _base.Critic,
        *,
        real: tf.Tensor,
        fake: tf.Tensor,
        seed: _base.Seed,
        step: tf.Tensor | int | None = None,
    ) -> tf.Tensor:
        points = _interpolates(real, fake, seed)
        return self._mean(tf.identity, critic, points, step)
