"""The trainers' arguments: checks, and what is made of them."""

from tfgan_tricks import _checks
from tfgan_tricks import _ema
from tfgan_tricks.penalties import HistoricalAverage


def check(discriminator_steps, penalties, joint_batch):
    if not discriminator_steps >= 1:
        raise ValueError(
            "`discriminator_steps` must be 1 or more. "
            f"Received: discriminator_steps={discriminator_steps!r}"
        )
    names = [penalty.name for penalty in penalties]
    if len(set(names)) < len(names):
        raise ValueError(
            f"`penalties` must have different names. Received: penalties={names!r}"
        )
    if names and joint_batch:
        raise ValueError(
            "`penalties` must be empty with `joint_batch`: a penalty's points belong "
            f"to neither half of the batch. Received: penalties={names!r}"
        )


def check_jit(jit_compile, replicas):
    if replicas > 1 and jit_compile is True:
        raise ValueError(
            "`jit_compile` must be false on several replicas, which XLA does not "
            f"compile together. Received: jit_compile=True on {replicas} replicas"
        )


def average(network, **decay):
    """A copy of a network to average its weights in, or `None` without a decay."""
    if None in decay.values():
        return None
    _checks.decay(**decay)
    return _ema.copy_of(network)


def history(player, weight, initial):
    """The historical averaging of a player, or `None` without a weight."""
    if weight is None:
        return None
    name = f"{initial}_history"
    return HistoricalAverage(player.trainable_variables, weight, name=name)
