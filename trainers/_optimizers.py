"""The players' optimizers."""

import keras


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
    return (
        _built(generator_optimizer or paper.make(), trainer.generator),
        _built(discriminator_optimizer or paper.make(), trainer.discriminator),
    )


def _built(optimizer, player):
    optimizer = keras.optimizers.get(optimizer)
    optimizer.build(player.trainable_variables)
    return optimizer


def _check_distinct(generator_optimizer, discriminator_optimizer):
    shared = generator_optimizer is discriminator_optimizer
    if shared and not isinstance(generator_optimizer, (str, type(None))):
        raise ValueError(
            "`generator_optimizer` and `discriminator_optimizer` must be two objects, "
            "since an optimizer keeps the state of one network. "
            f"Received: generator_optimizer={generator_optimizer!r} for both"
        )
