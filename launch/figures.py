"""Draws the figures of papers: `python -m launch.figures`, or `tfgan-figures`."""

import os
import sys

from absl import flags

from launch import _cli
from launch import _endings
from launch import _paths
from launch._figures import _names
from tfgan_tricks import _checks
from tfgan_tricks import _files

PROGRAM = "tfgan-figures"
ABOUT = (
    "Computes the figures of the GAN papers with this package's losses and trainers.",
    "Writes NAME.png and NAME.csv for each figure, and index.html, which shows them.",
)


def define_flags(values):
    """Defines the flags of this program in an `absl.flags.FlagValues`."""
    flags.DEFINE_string(
        "output",
        None,
        "Folder for the files, which replace files of the same name.",
        flag_values=values,
    )
    flags.DEFINE_list(
        "only",
        [],
        f"Figures to draw, separated by commas: {', '.join(_names.NAMES)}. Default: "
        "all, which takes less than two minutes on two cores.",
        flag_values=values,
    )
    _cli.define_integer("seed", 0, "Seed of the runs.", values, 0, 2**31 - 1)


def main(argv):
    """Runs the program; returns its exit code."""
    program = _endings.Program(PROGRAM, {})
    return _cli.main(program, argv, define_flags, ABOUT, _draw)


def _draw(values):
    _paths.check("output", values.output)
    _files.folder("output", values.output)
    for name in values.only:
        if name not in _names.NAMES:
            raise _checks.unknown_name("only", name, _names.NAMES)
    with _cli.quiet_imports():
        from launch._figures import _page
    _page.write(values.only or _names.NAMES, values.seed, values.output)
    print(f"All figures are in {os.path.join(values.output, _page.PAGE)}")


def run():
    """Runs the console script."""
    sys.exit(main(sys.argv))


if __name__ == "__main__":
    run()
