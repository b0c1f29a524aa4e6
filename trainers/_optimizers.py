"""The players' optimizers."""

import keras

from tfgan_tricks import _addons
from tfgan_tricks import _compat
from trainers import _skipping


class Paper:
    """The optimizer of a paper, made anew for each player of each trainer."""

    def __init__(self, name, **arguments):
        self.name = name
        self.arguments = arguments

    def make(self):
        return getattr(keras.optimizers, self.name)(**self.arguments)


def pair(trainer, generator_optimizer, discriminator_optimizer):
    """Both players' optimizers, each with its slots, for weights to be loaded into."""
    _check_distinct(generator_optimizer, discriminator_optimizer)
    paper = trainer.paper_optimizer
    generator, discriminator = trainer.generator, trainer.discriminator
    return (
        _built(generator_optimizer or paper.make(), generator, discriminator),
        _built(discriminator_optimizer or paper.make(), discriminator),
    )


def _built(optimizer, player, *judges):
    """The optimizer of a player, whose gradient passes through its judges too."""
    optimizer = _scaled(_get(optimizer), player, *judges)
    _compat.build_optimizer(optimizer, player.trainable_variables)
    return optimizer


def _get(optimizer):
    if isinstance(optimizer, str) and optimizer.startswith(_addons.PREFIX):
        return _addons.optimizer(optimizer)
    return keras.optimizers.get(optimizer)


def _scaled(optimizer, *networks):
    with_scale = keras.mixed_precision.LossScaleOptimizer
    if isinstance(optimizer, with_scale) or not _skipping.needs_loss_scale(*networks):
        return optimizer
    return with_scale(optimizer)


def _check_distinct(generator_optimizer, discriminator_optimizer):
    shared = generator_optimizer is discriminator_optimizer
    if shared and not isinstance(generator_optimizer, (str, type(None))):
        raise ValueError(
            "`generator_optimizer` and `discriminator_optimizer` must be two objects, "
            "since an optimizer keeps the state of one network. "
            f"Received: generator_optimizer={generator_optimizer!r} for both"
        )
