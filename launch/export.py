"""Exports the generator of a trained GAN: `python -m launch.export`, `tfgan-export`."""

import os
import sys

from absl import flags

from launch import _cli
from launch import _endings
from launch import _paths
from launch import _workdir
from tfgan_tricks import _checks

PROGRAM = "tfgan-export"
FLAGS = {"folder": "workdir", "directory": "workdir", "path": "output"}
ABOUT = ("Exports the generator from a checkpoint of a run.", "")
FORMATS = ("saved_model", "keras")
# Suffixes of files that it does not write.
_OTHERS = (".h5", ".hdf5", ".onnx", ".pb", ".png", ".pt", ".tflite", ".zip")


def define_flags(values):
    """Defines the flags of this program in an `absl.flags.FlagValues`."""
    flags.DEFINE_string("workdir", None, "Run folder.", flag_values=values)
    _cli.define_checkpoint(values)
    flags.DEFINE_string(
        "output", None, "New folder or .keras file to write.", flag_values=values
    )
    flags.DEFINE_string(
        "format",
        None,
        "Format: saved_model, which needs only TensorFlow, or keras, which can be "
        "trained further. Default: keras if --output ends in .keras, otherwise "
        "saved_model.",
        flag_values=values,
    )


def main(argv):
    """Runs the program; returns its exit code."""
    program = _endings.Program(PROGRAM, FLAGS)
    return _cli.main(program, argv, define_flags, ABOUT, _export)


def _export(values):
    _cli.check_checkpoint(values.checkpoint)
    _check_output(values.output, values.format)
    config, record = _workdir.read_trained(values.workdir)
    with _cli.quiet_imports():
        from launch import _build
    run = _build.restored(config, record, values.workdir)
    run.export(values.output, values.checkpoint)
    print(f"The generator of {run.told(values.checkpoint)} is in {values.output}")


def _check_output(output, format):
    """Raises an error unless the output is new and its suffix fits the format."""
    if format not in (None, *FORMATS):
        raise _checks.unknown_name("format", format, FORMATS)
    if format == "keras":
        _cli.check_suffix(output or "", (".keras",))
    _paths.check_new("output", output)
    suffix = os.path.splitext(output.rstrip(os.sep))[1].lower()
    is_file = output.endswith(".keras")
    if suffix == ".keras" and format == "saved_model" or suffix in _OTHERS:
        raise ValueError(
            f"`output` must not end in {suffix} for a SavedModel, which is a folder. "
            f"Received: output={output!r}"
        )
    if suffix == ".keras" and not is_file:
        raise ValueError(
            f"`output` must end in .keras in lower case for a Keras file. "
            f"Received: output={output!r}"
        )


def run():
    """Runs the console script."""
    sys.exit(main(sys.argv))


if __name__ == "__main__":
    run()
