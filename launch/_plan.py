"""From the flags of `launch.train` to a configuration and a directory."""

import os

from launch import _check
from launch import _config
from launch import _presets
from launch import _workdir
from launch.run import _devices
from tfgan_tricks import _checks

# Flags that are keys of the configuration.
KEYS = (
    "trainer",
    "loss",
    "dataset",
    "data_dir",
    "optimizer",
    "steps",
    "batch_size",
    "seed",
    "checkpoint_every",
    "sample_every",
    "rollbacks",
)


def plan(flags):
    """The `Config`, the directory and the `Devices` that flags ask for.

    Raises:
        ValueError: If it cannot be, must not be, or is done already.
    """
    devices = devices_of(flags)
    changes = _changes(flags)
    if flags.resume:
        config, workdir = _resumed(flags, changes)
    else:
        config, workdir = _new(flags, changes)
        if devices.is_chief:  # The first of several workers may have begun.
            _workdir.check_new(workdir)
    _check.check_source(config)
    _check.check_optimizer(config)
    _check_rollbacks(config, devices)
    return config, workdir, devices


def devices_of(flags):
    """The `Devices` that flags, and for several workers `TF_CONFIG`, ask for.

    Raises:
        ValueError: If there can be no such devices.
    """
    strategy, count = flags.strategy, flags.num_virtual_devices
    if strategy not in _devices.STRATEGIES:
        raise _checks.unknown_name("strategy", strategy, _devices.STRATEGIES)
    if count is not None:
        _checks.positive_integer(num_virtual_devices=count)
        if strategy != "mirrored":
            raise ValueError(
                "`num_virtual_devices` needs --strategy=mirrored. "
                f"Received: num_virtual_devices={count} with strategy={strategy!r}"
            )
    if strategy != "multi_worker":
        return _devices.Devices(strategy, count)
    if not flags.workdir:
        raise ValueError(
            "`workdir` must be given, and be the same folder for all workers, with "
            "--strategy=multi_worker. Received: workdir=None"
        )
    worker = _devices.worker(os.environ.get("TF_CONFIG"))
    return _devices.Devices(strategy, None, worker)


def _check_rollbacks(config, devices):
    if config.rollbacks and devices.has_others:
        raise ValueError(
            "`rollbacks` must be 0 with --strategy=multi_worker. "
            f"Received: rollbacks={config.rollbacks}"
        )


def _changes(flags):
    given = {key: flags[key].value for key in KEYS if flags[key].value is not None}
    set_too = _config.parse_settings(flags.set)
    twice = sorted(given.keys() & set_too.keys())
    if twice:
        raise ValueError(
            f"`{twice[0]}` must be given once. Received: --{twice[0]} and --set"
        )
    return given | set_too


def _preset(name):
    if name not in _presets.PRESETS:
        raise _checks.unknown_name("preset", name, _presets.PRESETS)
    return _presets.PRESETS[name]


def _new(flags, changes):
    config = _config.changed(_preset(flags.preset or "digits"), changes)
    return config, flags.workdir or _workdir.default(config.preset)


def _resumed(flags, changes):
    if not flags.workdir:
        raise ValueError("`resume` needs --workdir: which training is to go on?")
    old, where = _workdir.read_config(flags.workdir), _workdir.folder(flags.workdir)
    base = old if flags.preset is None else _preset(flags.preset)
    new = _config.changed(base, changes)
    _check_same(old, new)
    where.check_kinds()
    done = where.last_step()
    if new.steps < done:
        raise ValueError(
            f"`steps` must be at least the {done} steps that are done, to go on. "
            f"Received: steps={new.steps}"
        )
    return new, flags.workdir


def _check_same(old, new):
    refused = [
        f"{key}={getattr(new, key)!r} (it was {getattr(old, key)!r})"
        for key in _config.refused_changes(old, new)
    ]
    if refused:
        raise ValueError(
            f"`resume` lets only {', '.join(_config.MAY_CHANGE)}, and the PATH in "
            "dataset, change. "
            f"Received: {', '.join(refused)}"
        )
