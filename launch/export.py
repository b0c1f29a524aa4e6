"""Exports the generator of a trained GAN: `python -m launch.export`, `tfgan-export`."""

import sys

from absl import flags

from launch import _cli
from launch import _workdir
from tfgan_tricks import _checks

PROGRAM = "tfgan-export"
ABOUT = ("Exports the generator of a training's newest checkpoint.", "")
FORMATS = ("saved_model", "keras")


def define_flags(values):
    """Defines the flags of this program in an `absl.flags.FlagValues`."""
    flags.DEFINE_string("workdir", None, "The training's folder.", flag_values=values)
    flags.DEFINE_string(
        "output", None, "What to make: a folder, or a .keras file.", flag_values=values
    )
    flags.DEFINE_string(
        "format",
        FORMATS[0],
        "saved_model, which needs TensorFlow only, or keras, which can be trained on.",
        flag_values=values,
    )


def main(argv):
    """Runs the program; returns its exit code."""
    return _cli.main(PROGRAM, argv, define_flags, ABOUT, _export)


def _export(values):
    if values.format not in FORMATS:
        raise _checks.unknown_name("format", values.format, FORMATS)
    if not values.output:
        raise ValueError(f"`output` must be given. Received: output={values.output!r}")
    _workdir.check_trained(values.workdir)
    step = _cli.runner().export(values.workdir, values.output, values.format)
    print(f"The generator of step {step} is in {values.output}")


def run():
    """The console script."""
    sys.exit(main(sys.argv))


if __name__ == "__main__":
    run()
