"""Runs the programs in this process."""

import os
import pathlib

from launch.config import configuration

ROOT = pathlib.Path(__file__).parents[2]


def run(program, *arguments):
    """Runs a program, with flags without the dashes, and returns its exit code."""
    try:
        return program.main([program.PROGRAM, *(f"--{flag}" for flag in arguments)])
    except SystemExit as end:
        return end.code


def files(directory):
    """Returns the content of every file below a directory, by relative path."""
    return {
        os.path.relpath(path, directory): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file()
    }


# Not a preset, which may be tuned.
BASE = configuration.make(
    {
        "preset": "digits8",
        "dataset": "digits8",
        "trainer": {"name": "relativistic_average_gan", "ema_decay": 0.999},
        "network": {
            "name": "dcgan",
            "width": 32,
            "discriminator_normalization": "spectral",
        },
        "batch_size": 64,
        "steps": 3000,
    }
)

# The smallest run on the digits, as flags.
TINY = (
    "preset=digits8",
    "trainer=relativistic_gan",
    "set=ema_decay=0.9",
    "set=steps_per_execution=1",
    "set=network=mlp",
    "set=width=4",
    "set=hidden_layers=1",
    "set=latent_dim=3",
    "set=batch_size=8",
    "set=log_every=1",
)
