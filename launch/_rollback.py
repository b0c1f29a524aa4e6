"""Going back after a divergence, to train on with lower learning rates."""

import json
from typing import Any

from launch import _recovery
from launch import _workdir

FACTOR = 0.5
_PLAYERS = ("generator", "discriminator")


def roll_back(job, error):
    """Restores the newest checkpoint, halves the learning rates, and records it.

    Noise and the order of the data are those they were: functions of seed and step.

    Raises:
        FloatingPointError: the error itself, if no rollback is left.
    """
    count = _workdir.rollbacks(job.workdir) + 1
    if count > job.config.rollbacks:
        raise error
    diverged = int(job.trainer.step.numpy())
    step = _recovery.newest_step(job.workdir)
    entry = {
        "step": diverged,
        "rolled_back_to": step,
        "reason": str(error),
        **_rates(job.config, count),
    }
    _workdir.drop_metrics(job.output, step, json.dumps(entry) + "\n")
    _recovery.restore(job.trainer, job.workdir, step)
    lower(job, count)
    job.say(f"\n{error}\nRollback {count} of {job.config.rollbacks}, to step {step}.")


def lower(job: Any, count: int) -> None:
    """Sets the learning rates that a training has after some rollbacks."""
    job.rate_scale.assign(FACTOR**count)
    if not count or job.config.learning_rate_schedule != "constant":
        return
    for player, rate in zip(_PLAYERS, _rates(job.config, count).values(), strict=True):
        getattr(job.trainer, f"{player}_optimizer").learning_rate = rate


def _rates(config, count):
    keys = [f"{player}_learning_rate" for player in _PLAYERS]
    return {key: getattr(config, key) * FACTOR**count for key in keys}
