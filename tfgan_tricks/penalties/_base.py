"""The base of all gradient penalties."""

import dataclasses
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import ClassVar
from typing import Self
from typing import TypeAlias

import tensorflow as tf

from tfgan_tricks import _checks
from tfgan_tricks.penalties import _passes

# Maps samples `[batch, ...]` to logits, or to a list of the logits of each output.
Critic = Callable[[tf.Tensor], Any]
Seed: TypeAlias = tf.Tensor | Sequence[int]
# Under the root, so that a flat critic has a finite gradient.
_EPSILON = 1e-12


@dataclasses.dataclass(frozen=True)
class GradientPenalty:
    """A weighted function of the norms of the critic's input gradients.

    Penalties are frozen dataclasses. Equal arguments make equal penalties, which can be
    saved and used as default arguments.
    """

    weight: float
    every: int = dataclasses.field(default=1, kw_only=True)
    name: ClassVar[str]

    def __post_init__(self) -> None:
        _checks.not_negative(weight=self.weight)
        _checks.positive_integer(every=self.every)

    def get_config(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        return cls(**config)

    def _mean(
        self,
        function: Callable[[tf.Tensor], tf.Tensor],
        critic: Critic,
        points: tf.Tensor,
        step: tf.Tensor | int | None,
    ) -> tf.Tensor:
        """Returns the weighted mean of a function of squared norms, or 0 if not due.

        `points` are computed in every step, because replicas cannot exchange numbers in
        a branch.
        """

        def value():
            return self.weight * tf.reduce_mean(function(squared_norms(critic, points)))

        if self.every == 1 or step is None:
            return value()
        is_due = tf.equal(step % self.every, 0)
        try:
            return tf.cond(is_due, lambda: self.every * value(), lambda: tf.zeros([]))
        except RuntimeError as error:
            replicas = tf.distribute.get_strategy().num_replicas_in_sync
            if replicas == 1:
                raise
            raise ValueError(
                "`every` must be 1 on several replicas if layers of the discriminator "
                "exchange numbers between replicas, such as `GaussianNoise` or "
                "`MinibatchDiscrimination`: TensorFlow cannot do this in a branch. "
                f"Received: every={self.every} on {replicas} replicas"
            ) from error


def squared_norms(critic: Critic, points: tf.Tensor) -> tf.Tensor:
    """Returns squared norms of the critic's gradient at each point, float32 `[batch]`.

    All logits of a sample are summed, over the patches of a patch critic and over the
    outputs of a multi-scale discriminator.

    Raises:
        ValueError: If the critic is not differentiable with respect to its input.
    """
    run = _passes.of(critic, points)
    if run is None:
        points = tf.stop_gradient(tf.cast(points, tf.float32))
        run = _passes.Pass(critic, points)
    gradients = run.gradients()
    if gradients is None:
        raise ValueError(
            "`critic` must be differentiable with respect to its input. A network that "
            "begins with an `Embedding` or rounds its input is not: train it without "
            f"gradient penalties. Received: critic={critic!r}"
        )
    return tf.reduce_sum(tf.square(gradients), axis=range(1, gradients.shape.rank))


def roots(squares: tf.Tensor) -> tf.Tensor:
    """Returns square roots, with a finite derivative at 0."""
    return tf.sqrt(squares + _EPSILON)


def one_per_sample(draw: Callable, samples: tf.Tensor, seed: Seed) -> tf.Tensor:
    """Draws one random number per sample, of shape `[batch, 1, ...]`."""
    ones = [1] * (samples.shape.rank - 1)
    return draw([tf.shape(samples)[0], *ones], seed)


def check_same_shape(real: tf.Tensor, fake: tf.Tensor) -> None:
    if not real.shape.is_compatible_with(fake.shape):
        raise ValueError(
            "`real` and `fake` must have the same shape. "
            f"Received: real.shape={real.shape}, fake.shape={fake.shape}"
        )
