"""The flags that describe a run, which `train` and `compare` share."""

from absl import flags

from launch import _cli
from launch.config import configuration
from launch.config import help
from launch.run import _devices

# What errors of the library name, and the flags that mean it.
MEANT = {
    "folder": "workdir",
    "directory": "workdir",
    "path": "workdir",
    "data": "dataset",
    "name": "dataset",
    "download=True": "--download",
}
_MOST_DEVICES = 256


def define(values, without=()):
    """Defines the flags in an `absl.flags.FlagValues`, and returns their names."""
    before = set(values)

    def text(name, meaning, default=None):
        flags.DEFINE_string(name, default, meaning, flag_values=values)

    names = ", ".join(configuration.PRESETS)
    text("preset", f"Preset, one of {names}. Default: {configuration.DEFAULT}.")
    text(
        "config", "JSON or YAML file with a complete configuration, as in a run folder."
    )
    for name in configuration.FLAGS:
        if name not in without:
            text(name, help.meaning(configuration.KEYS[name]))
    strategy = (
        f"Devices to train on, one of {', '.join(_devices.STRATEGIES)}: one device, "
        "all GPUs of this machine, or the machines that TF_CONFIG names."
    )
    text("strategy", strategy, "none")
    _cli.define_integer(
        "num_virtual_devices",
        None,
        "Number of virtual CPU devices, to try --strategy=mirrored without GPUs.",
        values,
        least=1,
        most=_MOST_DEVICES,
    )
    meaning = "Download and prepare the dataset if it is missing."
    flags.DEFINE_boolean("download", False, meaning, flag_values=values)
    meaning = (
        "Set a value: key=value for a key below, or its path, such as trainer.a=-1"
    )
    flags.DEFINE_multi_string("set", [], meaning, flag_values=values)
    return [name for name in values if name not in before]


def keys():
    """Returns the part of `--help` about the keys of `--set`."""
    told = [
        _cli.paragraph(f"{name}: {help.meaning(keys)}", 8, first_indent=4)
        for name, keys in configuration.KEYS.items()
    ]
    return "\n".join(["Keys for --set:", "", *told])
