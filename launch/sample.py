"""Draws samples of a trained GAN: `python -m launch.sample`, or `tfgan-sample`."""

import sys

from absl import flags

from launch import _check
from launch import _cli
from launch import _endings
from launch import _paths
from launch import _workdir

PROGRAM = "tfgan-sample"
FLAGS = {
    "folder": "workdir",
    "directory": "workdir",
    "path": "output",
    "label": "class",
}
ABOUT = ("Draws samples from a checkpoint of a run to a PNG file.", "")


def define_flags(values):
    """Defines the flags of this program in an `absl.flags.FlagValues`."""
    flags.DEFINE_string("workdir", None, "Run folder.", flag_values=values)
    _cli.define_checkpoint(values)
    _cli.define_integer(
        "num_images",
        None,
        "Number of samples. Default: 64, or 10 of each class if all are drawn.",
        values,
        least=1,
        most=2**31 - 1,
    )
    flags.DEFINE_string(
        "class",
        None,
        "Class to draw, for class-conditional runs: its name, or its number unless a "
        "class has this name. Default: all classes, each in its own row.",
        flag_values=values,
    )
    _cli.define_integer("seed", 0, "Seed of the latents.", values, 0, 2**31 - 1)
    flags.DEFINE_string(
        "output",
        "grid.png",
        "PNG file to write, which replaces an existing file.",
        flag_values=values,
    )


def main(argv):
    """Runs the program; returns its exit code."""
    program = _endings.Program(PROGRAM, FLAGS)
    return _cli.main(program, argv, define_flags, ABOUT, _sample)


def _sample(values):
    _paths.check_file("output", values.output)
    _cli.check_suffix(values.output, (".png",))
    config, record = _workdir.read_trained(values.workdir)
    _cli.check_checkpoint(values.checkpoint)
    _check.memory(values.num_images, record.data.example_shape)
    name = values["class"].value
    label = _check.label(name, record.generated_classes, record.data.label_names)
    with _cli.quiet_imports():
        from launch import _build
    run = _build.restored(config, record, values.workdir)
    count, where = run.draw(
        values.output, values.num_images, values.seed, label, values.checkpoint
    )
    what = "samples" if label is None else f"samples of class {name} (label {label})"
    print(f"{count} {what} of {run.told(values.checkpoint)} are in {where}")


def run():
    """Runs the console script."""
    sys.exit(main(sys.argv))


if __name__ == "__main__":
    run()
