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
        None,
        "saved_model, which needs TensorFlow only, or keras, which can be trained on. "
        "Default: what the suffix of --output says.",
        flag_values=values,
    )


def main(argv):
    """Runs the program; returns its exit code."""
    return _cli.main(PROGRAM, argv, define_flags, ABOUT, _export)


def _export(values):
    _check_format(values.output, values.format)
    _workdir.read_trained(values.workdir)
    run = _cli.builder().restored(values.workdir)
    run.export(values.output)
    print(f"The generator of step {run.step} is in {values.output}")


def _check_format(output, format):
    """Raises `ValueError` unless the output's suffix is that of the format."""
    if not output:
        raise ValueError(f"`output` must be given. Received: output={output!r}")
    if format is None:
        return
    if format not in FORMATS:
        raise _checks.unknown_name("format", format, FORMATS)
    if (format == "keras") != output.endswith(".keras"):
        raise ValueError(
            "`output` must end in .keras for the format keras, and for no other. "
            f"Received: output={output!r} with format={format!r}"
        )


def run():
    """The console script."""
    sys.exit(main(sys.argv))


if __name__ == "__main__":
    run()
