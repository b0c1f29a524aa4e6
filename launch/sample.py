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
ABOUT = ("Draws samples of a training's newest checkpoint as one PNG picture.", "")


def define_flags(values):
    """Defines the flags of this program in an `absl.flags.FlagValues`."""
    flags.DEFINE_string("workdir", None, "The training's folder.", flag_values=values)
    _cli.define_integer(
        "num_images",
        None,
        "How many samples. Default: 64, or 10 of each class if all are drawn.",
        values,
        least=1,
        most=2**31 - 1,
    )
    flags.DEFINE_string(
        "class",
        None,
        "The class to draw, of a conditional training, by its name or, unless that is "
        "a name, its number. Default: all, each in a row of its own.",
        flag_values=values,
    )
    _cli.define_integer("seed", 0, "Of the latents.", values, 0, 2**31 - 1)
    flags.DEFINE_string(
        "output", "grid.png", "The PNG picture; overwritten.", flag_values=values
    )


def main(argv):
    """Runs the program; returns its exit code."""
    program = _endings.Program(PROGRAM, FLAGS)
    return _cli.main(program, argv, define_flags, ABOUT, _sample)


def _sample(values):
    _paths.check_file("output", values.output)
    _cli.check_suffix(values.output, (".png",))
    config, record = _workdir.read_trained(values.workdir)
    _check.memory(values.num_images, record.data.example_shape)
    name = values["class"].value
    label = _check.label(name, record.generated_classes, record.data.label_names)
    with _cli.quiet_imports():
        from launch import _build
    run = _build.restored(config, record, values.workdir)
    count, where = run.draw(values.output, values.num_images, values.seed, label)
    what = "samples" if label is None else f"samples of class {name} (label {label})"
    print(f"{count} {what} of step {run.step} are in {where}")


def run():
    """The console script."""
    sys.exit(main(sys.argv))


if __name__ == "__main__":
    run()
