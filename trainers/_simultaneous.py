"""Gradients of both networks' losses from one pass through each network.

Row i of the fake images' gradient of the discriminator's loss is `d_i J_i`, where `d_i`
is the slope of this loss with respect to the logit of example i, and `J_i` the gradient
of the logit. The generator's loss has another slope `g_i`. Its gradient is the same row
times `g_i / d_i`.
"""

from collections.abc import Callable
from typing import Any
from typing import NamedTuple

import tensorflow as tf

from tfgan_tricks import _compat
from tfgan_tricks.losses import AdversarialLoss
from tfgan_tricks.losses import _over_outputs
from trainers import _arguments
from trainers._batch import Batch
from trainers._micro_batches import Descent

# The least slope to divide by. It is far above 1e-38, so that the row that it scales
# loses no digits. A cross-entropy falls below it at logits under -40 or so.
_LEAST_SLOPE = 1e-20
_ZERO = tf.UnconnectedGradients.ZERO


class _Slopes(NamedTuple):
    """Slopes of both losses with respect to logits, lists of one tensor per output."""

    of_discriminator: list  # For the real logits, then for the fake logits.
    of_generator: list  # For the fake logits.


def descents(
    trainer: Any, real: Batch, seed: tf.Tensor, penalty_seed: tf.Tensor
) -> tuple[Descent, Descent]:
    """Returns the objectives of both networks at their current weights.

    Args:
        trainer: The trainer, whose losses are functions of logits.
        real: Real images.
        seed: Seed of the latents, two integers.
        penalty_seed: Seed of the penalties, two integers.

    Returns:
        The discriminator's and the generator's `Descent`.
    """
    discriminator, generator = trainer.players
    with tf.GradientTape() as tape:
        fake = trainer.sample_like(real, seed)
        own = generator.own_terms()
        total = _sum(own)
    judged, loss, of_images = _judged(trainer, real, fake, penalty_seed)
    _arguments.check_gradients([of_images], generator)
    gradients = tape.gradient(
        [fake.images, total],
        generator.network.trainable_variables,
        output_gradients=[of_images, _share(generator, trainer)],
    )
    terms = _arguments.checked_terms({"g_loss": loss}, generator, trainer.trackers)
    return judged, Descent(terms | own, gradients)


def _judged(trainer, real, fake, seed):
    """Returns the discriminator's `Descent`, and the generator's loss and its gradient.

    This gradient is taken with respect to the fake images.
    """
    discriminator, generator = trainer.players
    with tf.GradientTape(persistent=True) as tape, trainer.sharing_passes():
        tape.watch(fake.images)
        logits = trainer.logits(real, fake)
        is_shared = _is_one_per_example(logits["fake_logits"])
        # Their gradient must not reach the generator.
        is_shared &= not discriminator.has_losses_of_calls
        # Hence a penalty on them makes a pass of its own.
        stopped = fake._replace(images=tf.stop_gradient(fake.images))
        own = trainer.penalty_terms(real, stopped, seed) | discriminator.own_terms()
        total = _sum(own)
    shares = _share(discriminator, trainer), _share(generator, trainer)
    losses, slopes = _losses(trainer.adversarial_loss, logits, shares)

    def through_discriminator():
        fake_logits = tf.nest.flatten(logits["fake_logits"])
        return tape.gradient(
            fake_logits, fake.images, output_gradients=slopes.of_generator
        )

    gradients, of_images = tape.gradient(
        [*tf.nest.flatten(list(logits.values())), total],
        [discriminator.network.trainable_variables, [fake.images] * is_shared],
        output_gradients=[*slopes.of_discriminator, shares[0]],
    )
    if is_shared and of_images[0] is not None:
        of_images = _rescaled(of_images[0], slopes, through_discriminator)
    else:
        of_images = through_discriminator()
    terms = {"d_loss": losses[0], **own}
    terms = _arguments.checked_terms(terms, discriminator, trainer.trackers)
    return Descent(terms, gradients), losses[1], of_images


def _losses(
    loss: AdversarialLoss, logits: dict[str, Any], shares: tuple[tf.Tensor, tf.Tensor]
) -> tuple[tuple[tf.Tensor, tf.Tensor], _Slopes]:
    """Returns both losses, and the slopes of each, multiplied by its share."""
    real, fake = (tf.nest.flatten(each) for each in logits.values())
    needed = (
        logits if loss.generator_needs_real else {"fake_logits": logits["fake_logits"]}
    )
    with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
        tape.watch([real, fake])
        of_discriminator = _over_outputs.summed(loss.discriminator)(**logits)
        of_generator = _over_outputs.summed(loss.generator)(**needed)
    slopes = [
        tape.gradient(
            value, sources, output_gradients=share, unconnected_gradients=_ZERO
        )
        for value, sources, share in zip(
            (of_discriminator, of_generator),
            ([*real, *fake], fake),
            shares,
            strict=True,
        )
    ]
    return (of_discriminator, of_generator), _Slopes(*slopes)


def _rescaled(
    of_images: tf.Tensor, slopes: _Slopes, through_discriminator: Callable
) -> tf.Tensor:
    """Returns the generator's gradient from the discriminator's, row by row.

    Args:
        of_images: Gradient of the discriminator's loss with respect to fake images.
        slopes: The slopes for one logit per example.
        through_discriminator: Function without arguments that returns the generator's
            gradient in another way, where a slope is too small to divide by.
    """
    divisor, dividend = slopes.of_discriminator[-1], slopes.of_generator[0]
    ones = [1] * (of_images.shape.rank - 1)

    def rescale():
        factors = tf.reshape(dividend / divisor, [-1, *ones])
        return tf.cast(tf.cast(of_images, tf.float32) * factors, of_images.dtype)

    is_safe = tf.reduce_min(tf.abs(divisor)) > _LEAST_SLOPE
    return tf.cond(is_safe, rescale, through_discriminator)


def _is_one_per_example(logits: Any) -> bool:
    """Returns `True` for a single output with one logit per example."""
    is_single = not tf.nest.is_nested(logits) and logits.shape.rank is not None
    return is_single and all(size == 1 for size in logits.shape[1:])


def _share(player: Any, trainer: Any) -> tf.Tensor:
    """Returns the factor of a network's loss on each replica, for each part."""
    return _compat.scale_loss(player.optimizer, tf.constant(1.0 / trainer.num_shares))


def _sum(terms: dict[str, tf.Tensor]) -> tf.Tensor:
    return tf.add_n([tf.zeros([]), *(tf.cast(x, tf.float32) for x in terms.values())])
