"""Share of recognized characters among the samples of a class-conditional run.

    python -m launch.train --preset=hanzi --dataset=npz:PATH --workdir=runs/hanzi
    python -m benchmarks.hanzi --workdir=runs/hanzi --dataset=npz:PATH \\
        --output=benchmarks/results/hanzi.json --picture=docs/hanzi.png

The generator of the newest checkpoint draws one image of every character. An image is
recognized if the real image nearest to it in pixels, among all characters and fonts,
shows the same character. For comparison, `real_recognised` is the share among real
images of every character, in a random font, which are not compared with themselves.
`spread` tells whether the latents matter: it is the mean distance of two samples of a
character, divided by the mean distance of two fonts of the character.

The image for the docs shows real characters in random fonts above generated characters.
The characters are evenly spaced in the list of all characters, not picked.
"""

import json
import pathlib
import tempfile

import numpy as np
import tensorflow as tf
from absl import app
from absl import flags

from benchmarks import _results
from benchmarks import _training
from benchmarks._commit import commit
from benchmarks._judge import flat
from tfgan_tricks import callbacks
from tfgan_tricks import data
from tfgan_tricks import metrics

COLUMNS, PAIRS, GAP, SCALE = 16, 4, 6, 2


def nearest_other(real, rows):
    """Returns the row nearest to each of some rows, which is another row."""
    found = metrics.nearest_neighbors(real, real[rows], k=2).rows
    return np.where(found[:, 0] == rows, found[:, 1], found[:, 0])


def one_of_each(labels, num_classes, seed):
    """Returns a random row of every class."""
    rows = np.random.RandomState(seed).permutation(len(labels))
    _, first = np.unique(labels[rows], return_index=True)
    if len(first) != num_classes:
        raise ValueError(f"Every class must have an image. Received: {len(first)}")
    return rows[first]


def spread(fake, real):
    """Returns the mean distance of two fakes of a class, relative to two real ones."""
    fake, real = (np.linalg.norm(one - two, axis=1) for one, two in (fake, real))
    return float(np.mean(fake) / np.mean(real[real > 0]))


def draw(export, labels, seed):
    sample = tf.saved_model.load(export).signatures["sample"]
    return sample(labels=tf.constant(labels), seed=tf.constant(seed))["images"].numpy()


def rows_of(real, fake, classes):
    """Returns pixels of rows of `real` above rows of `fake` of the same classes."""
    high, wide, _ = real.shape[1:]
    canvas = np.ones([PAIRS * (2 * high + GAP) - GAP, COLUMNS * wide, 1])
    for index, label in enumerate(classes):
        top, left = index // COLUMNS * (2 * high + GAP), index % COLUMNS * wide
        both = np.concatenate([real[label], fake[label]])
        canvas[top : top + 2 * high, left : left + wide] = both
    pixels = data.to_uint8(canvas.astype("float32")).numpy()
    return pixels.repeat(SCALE, axis=0).repeat(SCALE, axis=1)


def generated(workdir, num_classes, seed):
    """Returns two images of every class, drawn from the newest checkpoint."""
    labels = np.arange(num_classes, dtype="int32")
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/export"
        _training.export(workdir, path)
        return draw(path, labels, 2 * seed), draw(path, labels, 2 * seed + 1)


def measure(workdir, seed, source):
    """Returns the results, and the pixels of real and generated rows."""
    run = json.loads(pathlib.Path(workdir, "run.json").read_text())
    num_classes = run["data"]["num_classes"]
    images = data.to_unit_range(source.examples).numpy()
    examples, labels = flat(images), source.labels
    rows = one_of_each(labels, num_classes, seed)
    one, two = generated(workdir, num_classes, seed)
    found = labels[metrics.nearest_neighbors(examples, flat(one)).rows[:, 0]]
    real_found = labels[nearest_other(examples, rows)]
    others = one_of_each(labels, num_classes, seed + 1)
    classes = np.arange(COLUMNS * PAIRS) * num_classes // (COLUMNS * PAIRS)
    return {
        "recognised": float(np.mean(found == np.arange(num_classes))),
        "real_recognised": float(np.mean(real_found == np.arange(num_classes))),
        "spread": spread((flat(one), flat(two)), (examples[rows], examples[others])),
        "num_classes": num_classes,
        "steps": callbacks.newest(f"{workdir}/checkpoints"),
        "training_seconds": _training.seconds_of(workdir),
    }, rows_of(images[rows], one, classes)


def main(_):
    source = data.load(flags.FLAGS.dataset, image_size=flags.FLAGS.image_size)
    results, pixels = measure(flags.FLAGS.workdir, flags.FLAGS.seed, source)
    print(json.dumps(results, indent=2))
    config = _training.config_of(flags.FLAGS.workdir)
    about = {"seed": flags.FLAGS.seed, "commit": commit(), "config": config}
    _results.write(flags.FLAGS.output, results | about)
    if flags.FLAGS.picture:
        callbacks.write_png(flags.FLAGS.picture, pixels)


if __name__ == "__main__":
    flags.DEFINE_string("workdir", None, "Run folder.", required=True)
    flags.DEFINE_string("dataset", None, "Dataset of the run.", required=True)
    flags.DEFINE_integer("image_size", None, "Size, if the run sets it.")
    flags.DEFINE_integer("seed", 0, "Seed of latents and fonts.")
    flags.DEFINE_string("output", None, "JSON file for the results.")
    flags.DEFINE_string("picture", None, "PNG file for the rows of characters.")
    app.run(main)
