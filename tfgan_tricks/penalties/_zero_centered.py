"""Zero-centered penalties on real and on fake samples."""

import dataclasses
from typing import ClassVar

import keras
import tensorflow as tf

from tfgan_tricks.penalties import _base


@keras.saving.register_keras_serializable("tfgan_tricks")
@dataclasses.dataclass(frozen=True)
class R1(_base.GradientPenalty):
    """Zero-centered gradient penalty on real samples.

        gamma/2 mean(||grad C(x)||^2)

    for real samples x. The norm is taken over all elements of a sample.

    Args:
        weight: Weight gamma of the penalty, at least 0.
        every: Number of steps from one computation of the penalty to the next, an
            integer of at least 1. Above 1 this is lazy regularization: steps 0,
            `every`, 2 `every` and so on compute the penalty with `every` times its
            weight, and the other steps skip it. StyleGAN2 uses 16. The authors of R3GAN
            report that 8 broke their training on Stacked MNIST and 2-D points.

    Call arguments:
        critic: Function from samples to logits, see `InterpolatedGradientPenalty`.
        real: Real samples x of shape `[batch, ...]`.
        fake: Not used.
        seed: Not used.
        step: Number of finished steps, for `every` above 1. `None` computes the penalty
            with its plain weight.

    Returns:
        A float32 scalar.

    Raises:
        ValueError: If `weight` is negative, if `every` is not positive, or if the
            critic is not differentiable with respect to its input.

    >>> import tensorflow as tf
    >>> critic = lambda x: 3.0 * x[:, 0]
    >>> float(R1(weight=10.0)(critic, real=tf.ones([4, 2])))
    45.0

    Reference:
        Mescheder et al., 2018, arXiv:1801.04406; for `every`, Karras et al., 2020,
        arXiv:1912.04958, and Huang et al., 2025, arXiv:2501.05441.
    """

    weight: float = 10.0
    name: ClassVar[str] = "r1"

    def __call__(
        self,
        critic: _base.Critic,
        *,
        real: tf.Tensor,
        fake: tf.Tensor | None = None,
        seed: _base.Seed | None = None,
        step: tf.Tensor | int | None = None,
    ) -> tf.Tensor:
        return self._mean(lambda squares: 0.5 * squares, critic, real, step)


@keras.saving.register_keras_serializable("tfgan_tricks")
@dataclasses.dataclass(frozen=True)
class R2(_base.GradientPenalty):
    """Zero-centered gradient penalty on fake samples.

        gamma/2 mean(||grad C(G(z))||^2)

    for fake samples G(z). No gradient reaches the generator.

    Args:
        weight: Weight gamma of the penalty, at least 0.
        every: Number of steps from one computation of the penalty to the next, an
            integer of at least 1, see `R1`.

    Call arguments:
        critic: Function from samples to logits, see `InterpolatedGradientPenalty`.
        real: Not used.
        fake: Fake samples G(z) of shape `[batch, ...]`.
        seed: Not used.
        step: Number of finished steps, for `every` above 1. `None` computes the penalty
            with its plain weight.

    Returns:
        A float32 scalar.

    Raises:
        ValueError: If `weight` is negative, if `every` is not positive, or if the
            critic is not differentiable with respect to its input.

    >>> import tensorflow as tf
    >>> critic = lambda x: 3.0 * x[:, 0]
    >>> float(R2(weight=10.0)(critic, fake=tf.ones([4, 2])))
    45.0

    Reference:
        Mescheder et al., 2018, arXiv:1801.04406.
    """

    weight: float = 10.0
    name: ClassVar[str] = "r2"

    def __call__(
        self,
        critic: _base.Critic,
        *,
        real: tf.Tensor | None = None,
        fake: tf.Tensor,
        seed: _base.Seed | None = None,
        step: tf.Tensor | int | None = None,
    ) -> tf.Tensor:
        return self._mean(lambda squares: 0.5 * squares, critic, fake, step)
