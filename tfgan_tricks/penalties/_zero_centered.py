"""Zero-centered penalties on real and on fake samples."""

import dataclasses
from typing import ClassVar

import keras
import tensorflow as tf

from tfgan_tricks.penalties import _base


@keras.saving.register_keras_serializable("tfgan_tricks")
@dataclasses.dataclass(frozen=True)
class R1(_base.GradientPenalty):
    """The zero-centered gradient penalty on real samples.

        weight / 2 * E[||grad C(real)||^2]

    The squared norm is summed over all elements of a sample.

    Args:
        weight: the paper's gamma, zero or more.

    Call arguments, Returns: as in `InterpolatedGradientPenalty`; `fake` and `seed` are
        not used.

    Raises:
        ValueError: if `weight` is negative.

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
    """The zero-centered gradient penalty on fake samples.

        weight / 2 * E[||grad C(fake)||^2]

    No gradient reaches the generator through `fake`.

    Args:
        weight: the paper's gamma, zero or more.

    Call arguments, Returns: as in `InterpolatedGradientPenalty`; `real` and `seed` are
        not used.

    Raises:
        ValueError: if `weight` is negative.

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
