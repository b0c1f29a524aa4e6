"""Helpers of the tests of half precision, on both versions of TensorFlow."""

import contextlib

import keras
import numpy as np

import trainers
from tests.trainers import toy

LossScaleOptimizer = keras.mixed_precision.LossScaleOptimizer


@contextlib.contextmanager
def policy(name):
    before = keras.mixed_precision.global_policy()
    keras.mixed_precision.set_global_policy(name)
    try:
        yield
    finally:
        keras.mixed_precision.set_global_policy(before)


def make(name, cls=trainers.LSGAN, compile_options=None, **kwargs):
    with policy(name):
        return toy.make(cls, compile_options, **kwargs)


def scale_of(optimizer):
    """Returns the variable that holds an optimizer's loss scale."""
    if hasattr(optimizer, "dynamic_scale"):
        return optimizer.dynamic_scale
    return optimizer._loss_scale.current_loss_scale


def scales(trainer):
    optimizers = trainer.generator_optimizer, trainer.discriminator_optimizer
    return [float(scale_of(optimizer).numpy()) for optimizer in optimizers]


def skipped(trainer):
    players = trainer.generator_player, trainer.discriminator_player
    return [int(player.skipped.numpy()) for player in players]


def all_weights(network):
    return [weight.numpy() for weight in network.weights]


def equal(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))
