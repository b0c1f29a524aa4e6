"""Checks of the options that let both networks share what a step computes."""

from typing import Any

import keras

from tfgan_tricks import _checks
from tfgan_tricks import layers

_SCHEDULES = ("alternating", "simultaneous")
# What a trainer replaces if its losses are not functions of the logits alone.
_OBJECTIVES = ("discriminator_objective", "generator_objective", "logits")
_MIXING = (
    keras.layers.BatchNormalization,
    layers.MinibatchDiscrimination,
    layers.JointMinibatchDiscrimination,
    layers.MinibatchStdDev,
)


def check(trainer: Any, base: type) -> None:
    """Raises `ValueError` if the trainer's networks cannot share a step.

    Args:
        trainer: The trainer.
        base: The class whose objectives are losses of logits.
    """
    if trainer.schedule not in _SCHEDULES:
        raise _checks.unknown_name("schedule", trainer.schedule, _SCHEDULES)
    is_simultaneous = trainer.schedule == "simultaneous"
    if is_simultaneous or trainer.reuse_fake_batch:
        option = (
            "schedule='simultaneous'" if is_simultaneous else "reuse_fake_batch=True"
        )
        _check_float16(trainer, option)
    if is_simultaneous:
        _check_options(trainer)
        _check_objectives(type(trainer), base)
        check_independent(trainer.discriminator)


def check_independent(discriminator: keras.Model) -> None:
    """Raises `ValueError` if a layer is known to mix the examples of a batch."""
    mixing = mixing_layers(discriminator)
    if mixing:
        raise ValueError(
            "`discriminator` must judge each example independently with "
            "schedule='simultaneous': one pass back through it gives both networks' "
            "gradients, which differ by a factor per example. Use "
            "`layers.SpectralNormalization`, layer normalization or none instead of "
            "layers that mix examples, or schedule='alternating'. "
            f"Received: discriminator with {', '.join(mixing)}"
        )


def mixing_layers(network: keras.Model) -> list[str]:
    """Returns the names of layers that are known to mix the examples of a batch."""
    return [
        f"{layer.name} ({type(layer).__name__})"
        for layer in network._flatten_layers()
        if isinstance(layer, _MIXING) and _mixes(layer)
    ]


def _mixes(layer):
    """Returns `False` for frozen batch normalization, which uses stored statistics."""
    return layer.trainable or not isinstance(layer, keras.layers.BatchNormalization)


def _check_options(trainer):
    if trainer.discriminator_steps != 1:
        raise ValueError(
            "`discriminator_steps` must be 1 with schedule='simultaneous', which "
            "updates each network once in a step. "
            f"Received: discriminator_steps={trainer.discriminator_steps}"
        )
    for name in ("reuse_real_batch", "reuse_fake_batch"):
        if getattr(trainer, name):
            raise ValueError(
                f"`{name}` must be False with schedule='simultaneous', which always "
                f"shares the real and the fake batch. Received: {name}=True"
            )
    if trainer.joint_batch:
        raise ValueError(
            "`joint_batch` must be False with schedule='simultaneous': the "
            "discriminator must judge fake images independently of real images. "
            "Received: joint_batch=True"
        )


def _check_objectives(cls, base):
    replaced = [
        name for name in _OBJECTIVES if getattr(cls, name) is not getattr(base, name)
    ]
    if replaced:
        raise ValueError(
            f"`schedule` must be 'alternating' for {cls.__name__}: its "
            f"`{replaced[0]}` is not a loss of the logits that one call of the "
            "discriminator gives for both networks. Received: schedule='simultaneous'"
        )


def _check_float16(trainer, option):
    if any(player.needs_loss_scale for player in trainer.players):
        raise ValueError(
            f"`{option.partition('=')[0]}` must have its default in float16: an update "
            "that overflows is undone alone, so it cannot share passes with the other "
            "network's update. Use bfloat16. "
            f"Received: {option} with float16 networks"
        )
