"""The narrow waist between losses and everything that trains with them."""

from collections.abc import Callable
from collections.abc import Mapping
from typing import NamedTuple

import tensorflow as tf


class AdversarialLoss(NamedTuple):
    """What the two players minimise, as pure functions of the critic's logits.

    Logits are float32 of shape `[batch]`, `[batch, 1]` or, for patch discriminators,
    `[batch, height, width, 1]`; they are raw outputs, before any sigmoid. Arguments are
    keyword-only, since real and fake are easily swapped.

    Attributes:
        discriminator: `(*, real_logits, fake_logits) -> scalar`.
        generator: `(*, fake_logits, real_logits=None) -> scalar`.
        generator_needs_real: whether `generator` uses `real_logits`.
        two_sided_generator: `(*, real_logits, fake_logits) -> scalar`, what the
            generator minimises in a game whose logits of real images move with it too,
            as in relativistic losses. `None` means: the discriminator's loss with real
            and fake exchanged.
        config: the arguments from which `losses.get` makes this loss again; `None` for
            a loss that is not from this package, which then cannot be saved.

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
