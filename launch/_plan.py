"""Turns the flags of `launch.train` into a configuration and devices."""

import os

from launch.config import changes as changing
from launch.config import configuration
from launch.run import _devices
from tfgan_tricks import _checks


def plan(flags, old=None):
    """Returns the `Config` and the `Devices` for the flags.

    Args:
        flags: The flags.
        old: The `Config` of the run to resume, or `None` for a new run.

    Raises:
        ValueError: If a value is invalid, or a resumed run must not change it.
        OSError: If files of the dataset are missing.
    """
    devices = devices_of(flags)
    config = configuration.changed(base(flags, old), changes(flags))
    if old is not None:
        _check_same(old, config)
    config.check_there(flags.download)
    _check_workers(config, devices)
    return config, devices


def base(flags, old=None):
    """Returns the `Config` that --preset or --config names, or the default."""
    default = configuration.preset(configuration.DEFAULT) if old is None else old
    return _asked_for(flags) or default


def devices_of(flags):
    """Returns the `Devices` for the flags, and `TF_CONFIG` for several workers.

    Raises:
        ValueError: If the flags or `TF_CONFIG` are invalid.
    """
    strategy, count = flags.strategy, flags.num_virtual_devices
    if strategy not in _devices.STRATEGIES:
        raise _checks.unknown_name("strategy", strategy, _devices.STRATEGIES)
    if count is not None and strategy != "mirrored":
        raise ValueError(
            "`num_virtual_devices` must be given with --strategy=mirrored. "
            f"Received: num_virtual_devices={count} with strategy={strategy!r}"
        )
    if strategy != "multi_worker":
        return _devices.Devices(strategy, count)
    if not flags.workdir:
        raise ValueError(
            "`workdir` must be given with --strategy=multi_worker, the same for all "
            "workers. Received: workdir=None"
        )
    worker = _devices.worker(os.environ.get("TF_CONFIG"))
    return _devices.Devices(strategy, None, worker)


def _check_workers(config, devices):
    for name in ("rollbacks", "evaluate_every"):
        value = getattr(config, name)
        if value and devices.has_others:
            raise ValueError(
                f"`{name}` must be 0 with --strategy=multi_worker. "
                f"Received: {name}={value}"
            )


def changes(flags):
    """Returns the values that flags and --set give, by key."""
    names = [name for name in configuration.FLAGS if name in flags]
    given = {name: flags[name].value for name in names}
    given = {name: value for name, value in given.items() if value is not None}
    set_too = changing.parsed(flags.set)
    twice = sorted(given.keys() & set_too.keys())
    if twice:
        raise ValueError(
            f"`{twice[0]}` must be given once. Received: --{twice[0]} and --set"
        )
    return given | set_too


def _asked_for(flags):
    """Returns the configuration that --preset or --config names, or `None`."""
    if flags.preset is not None and flags.config is not None:
        raise ValueError(
            "`config` must not be given with --preset. "
            f"Received: config={flags.config!r} with preset={flags.preset!r}"
        )
    if flags.config is not None:
        return configuration.from_file(flags.config)
    return None if flags.preset is None else configuration.preset(flags.preset)


def _check_same(old, new):
    refused = configuration.refused_changes(old, new)
    if refused:
        raise ValueError(
            "`resume` must keep all values except "
            f"{', '.join(configuration.MAY_CHANGE)}. Received: {', '.join(refused)}"
        )
