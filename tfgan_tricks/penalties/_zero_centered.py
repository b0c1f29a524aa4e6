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

    Call arguments:
        critic: Function from samples to logits, see `InterpolatedGradientPenalty`.
        real: Real samples x of shape `[batch, ...]`.
        fake: Not used.
        seed: Not used.

    Returns:
        A float32 scalar.

    Raises:
        ValueError: If `weight` is negative, or the critic is not differentiable with
            respect to its input.

    >>> import tensorflow as tf
    >>> critic = lambda x: 3.0 * x[:, 0]
    >>> float(R1(weight=10.0)(critic, real=tf.ones([4, 2])))
    45.0

    Reference:
        Mescheder et al., 2018, arXiv:1801.04406.
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
    ) -> tf.Tensor:
        return 0.5 * self.weight * tf.reduce_mean(_base.squared_norms(critic, real))


@keras.saving.register_keras_serializable("tfgan_tricks")
@dataclasses.dataclass(frozen=True)
class R2(_base.GradientPenalty):
    """Zero-centered gradient penalty on fake samples.

        gamma/2 mean(||grad C(G(z))||^2)

    for fake samples G(z). No gradient reaches the generator.

    Args:
        weight: Weight gamma of the penalty, at least 0.

    Call arguments:
        critic: Function from samples to logits, see `InterpolatedGradientPenalty`.
        real: Not used.
        fake: Fake samples G(z) of shape `[batch, ...]`.
        seed: Not used.

    Returns:
        A float32 scalar.

    Raises:
        ValueError: If `weight` is negative, or the critic is not differentiable with
            respect to its input.

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
    ) -> tf.Tensor:
        return 0.5 * self.weight * tf.reduce_mean(_base.squared_norms(critic, fake))
