"""The interface between losses and everything that trains with them."""

from collections.abc import Callable
from collections.abc import Mapping
from typing import NamedTuple

import tensorflow as tf


class AdversarialLoss(NamedTuple):
    """The losses of both networks, as pure functions of the critic's logits.

    Logits are raw outputs, before any sigmoid: float32 of shape `[batch]`, `[batch, 1]`
    or, for patch discriminators, `[batch, height, width, 1]`. Arguments are
    keyword-only, since real and fake are easily swapped.

    Attributes:
        discriminator: Function `(*, real_logits, fake_logits) -> scalar` that the
            discriminator minimizes.
        generator: Function `(*, fake_logits, real_logits=None) -> scalar` that the
            generator minimizes.
        generator_needs_real: `True` if `generator` uses `real_logits`.
        two_sided_generator: Function `(*, real_logits, fake_logits) -> scalar` that the
            generator minimizes where the logits of real images depend on it too, as in
            relativistic losses. `None` means the discriminator's loss with real and
            fake exchanged.
        config: Arguments from which `losses.get` creates this loss again. `None` for a
            loss from outside this package, which cannot be saved.

    >>> import tensorflow as tf
    >>> mean_gap = AdversarialLoss(
    ...     lambda *, real_logits, fake_logits: tf.reduce_mean(fake_logits)
    ...     - tf.reduce_mean(real_logits),
    ...     lambda *, fake_logits, real_logits=None: -tf.reduce_mean(fake_logits),
    ... )
    >>> float(mean_gap.generator(fake_logits=tf.constant([1.0, 2.0])))
    -1.5
    """

    discriminator: Callable[..., tf.Tensor]
    generator: Callable[..., tf.Tensor]
    generator_needs_real: bool = False
    two_sided_generator: Callable[..., tf.Tensor] | None = None
    config: Mapping | None = None
