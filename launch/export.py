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
ABOUT = ("Exports the generator of a training's newest checkpoint.", "")
FORMATS = ("saved_model", "keras")
# Of files that are not made.
_OTHERS = (".h5", ".hdf5", ".onnx", ".pb", ".png", ".pt", ".tflite", ".zip")


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
        "Default: keras if --output ends in .keras, else saved_model.",
        flag_values=values,
    )


def main(argv):
    """Runs the program; returns its exit code."""
    program = _endings.Program(PROGRAM, FLAGS)
    return _cli.main(program, argv, define_flags, ABOUT, _export)


def _export(values):
    _check_output(values.output, values.format)
    config, record = _workdir.read_trained(values.workdir)
    with _cli.quiet_imports():
        from launch import _build
    run = _build.restored(config, record, values.workdir)
    run.export(values.output)
    print(f"The generator of step {run.step} is in {values.output}")


def _check_output(output, format):
    """Raises an error unless the output is new, and its suffix that of the format."""
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
            f"`output` must end in .keras, as it is written here, for a file of Keras. "
            f"Received: output={output!r}"
        )


def run():
    """The console script."""
    sys.exit(main(sys.argv))


if __name__ == "__main__":
    run()
