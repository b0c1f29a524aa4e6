"""Checks of the trainers' arguments."""

from tfgan_tricks import _checks


def check(discriminator_steps, ema_decay, penalties):
    if not discriminator_steps >= 1:
        raise ValueError(
            "`discriminator_steps` must be 1 or more. "
            f"Received: discriminator_steps={discriminator_steps!r}"
        )
    if ema_decay is not None:
        _checks.decay(ema_decay=ema_decay)
    names = [penalty.name for penalty in penalties]
    if len(set(names)) < len(names):
        raise ValueError(
            f"`penalties` must have different names. Received: penalties={names!r}"
        )
