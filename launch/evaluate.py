"""Scores samples: `python -m launch.evaluate`, or `tfgan-evaluate`."""

import os
import sys

from absl import flags

from launch import _against
from launch import _check
from launch import _cli
from launch import _endings
from launch import _paths
from launch import _workdir

PROGRAM = "tfgan-evaluate"
FLAGS = {
    "folder": "workdir",
    "directory": "workdir",
    "path": "samples",
    "name": "dataset",
    "model": "features",
    "num_examples": "num_images",
    "cache_dir": "TFGAN_TRICKS_CACHE",
    "download=True": "--download",
}
ABOUT = (
    "Scores the samples of a run, of an exported generator, or in files, against a "
    "dataset.",
    "",
)
_MOST_IMAGES = 10**6


def define_flags(values):
    """Defines the flags of this program in an `absl.flags.FlagValues`."""

    def text(name, default, meaning):
        flags.DEFINE_string(name, default, meaning, flag_values=values)

    text("workdir", None, "Run folder, which gets evaluation.json.")
    _cli.define_checkpoint(values)
    text(
        "samples",
        None,
        "What to score instead of a run: the folder of a SavedModel from tfgan-export, "
        "which must be from a source that you trust, a folder of images, or an .npz "
        "file. The scores go to a file with its name and the suffix .evaluation.json.",
    )
    _against.define(values)
    _cli.define_integer(
        "num_images",
        5000,
        "Number of real and of generated images, at most as many as there are.",
        values,
        least=20,
        most=_MOST_IMAGES,
    )
    text(
        "features",
        "auto",
        "Features to compare: classifier, which is trained on the labels of the "
        "dataset and kept, random, pixels, or the path of a .keras file, SavedModel or "
        "graph of the Inception network, ending in .pb, that you trust. auto is "
        "classifier for images of several classes, random for other images, and pixels "
        "for points.",
    )
    _cli.define_integer(
        "seed", 0, "Seed of real images and latents.", values, 0, 2**31 - 1
    )


def main(argv):
    """Runs the program; returns its exit code."""
    program = _endings.Program(PROGRAM, FLAGS)
    return _cli.main(program, argv, define_flags, ABOUT, _evaluate)


def _evaluate(values):
    if bool(values.workdir) == bool(values.samples):
        raise ValueError(
            "`workdir` must be given, or `samples`, but not both. Received: "
            f"workdir={values.workdir!r} with samples={values.samples!r}"
        )
    _cli.check_checkpoint(values.checkpoint)
    against = _against.of_flags(values)
    scored = _of_run if values.workdir else _of_samples
    print(scored(values, against))


def _of_run(values, against):
    config, record = _workdir.read_trained(values.workdir)
    dataset = against.dataset(config.dataset)
    _check.memory(values.num_images, record.data.example_shape)
    with _cli.quiet_imports():
        from launch import _build
        from launch import _judging
    run = _build.restored(config, record, values.workdir)
    return _judging.of_run(run, values.checkpoint, _judge(values, dataset))


def _of_samples(values, against):
    if values.checkpoint != "last":
        raise ValueError(
            "`checkpoint` must be last with --samples. "
            f"Received: checkpoint={values.checkpoint!r}"
        )
    _paths.check("samples", values.samples)
    if not os.path.exists(values.samples):
        raise FileNotFoundError(
            f"`samples` must exist. Received: samples={values.samples!r}"
        )
    against.dataset()  # Checks it before TensorFlow is imported.
    with _cli.quiet_imports():
        from launch import _judging

    def judge(**sizes):
        return _judge(values, against.dataset(**sizes))

    return _judging.of_samples(values.samples, values.num_images, judge)


def _judge(values, dataset):
    from launch import _build

    return _build.judge(
        dataset,
        _build.load_data(dataset, values.split, values.download),
        values.num_images,
        features=values.features,
        seed=values.seed,
        split=values.split,
    )


def run():
    """Runs the console script."""
    sys.exit(main(sys.argv))


if __name__ == "__main__":
    run()
