"""From the flags of `launch.train` to a configuration and a directory."""

from launch import _check
from launch import _config
from launch import _devices
from launch import _presets
from launch import _workdir
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
    devices = _devices.from_flags(flags)
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
    old, _ = _workdir.read_config(flags.workdir)
    base = old if flags.preset is None else _preset(flags.preset)
    new = _config.changed(base, changes)
    _check_same(old, new)
    done = _workdir.last_step(flags.workdir)
    lacks_export = new.steps == done != _workdir.exported_step(flags.workdir)
    if new.steps <= done and not lacks_export:
        raise ValueError(
            f"`steps` must be above the {done} steps that are done, to go on. "
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
