"""Modes of stacked MNIST that the generator of a run finds.

    python -m launch.train --preset=r3gan_stacked_mnist --data_dir=DIR \\
        --workdir=runs/stacked
    python -m benchmarks.stacked_mnist --data_dir=DIR --workdir=runs/stacked \\
        --output=benchmarks/results/stacked_mnist.json

DIR is the folder in which TensorFlow Datasets keeps MNIST. The generator of the newest
checkpoint draws 26,000 images, as in the papers. A convolutional classifier of digits,
resized to 28x28, names the digit in each color. `modes` is the number of the 1,000
combinations that occur, and `reverse_kl` the divergence of their shares from equal
shares, about 0.019 for perfect samples. `real` are the classifier's results for 26,000
and 60,000 images of stacked MNIST itself, of the test set. It is fitted to MNIST's
training set without `mnist5k`, and kept in `--judge`.

A result replaces an earlier result of the same configuration and step.
"""

import tempfile

import numpy as np
import tensorflow as tf
from absl import app
from absl import flags

from benchmarks import _mnist
from benchmarks import _results
from benchmarks import _training
from benchmarks._commit import commit
from tfgan_tricks import callbacks
from tfgan_tricks import data
from tfgan_tricks import metrics

NUM_SAMPLES = 26_000
_PART = 1000


def digits_of(classifier, images):
    """Returns the digit that a classifier sees in each color of images in [-1, 1]."""
    single = tf.reshape(tf.transpose(images, [0, 3, 1, 2]), [-1, *images.shape[1:3], 1])
    single = tf.image.resize(single, [28, 28], antialias=True)
    logits = classifier.predict(single, batch_size=500, verbose=0)
    return logits.argmax(axis=-1).reshape(-1, 3)


def digits_in(classifier, parts):
    """Returns the digits of images that are given in parts."""
    return np.concatenate([digits_of(classifier, part) for part in parts])


def judge(classifier, parts):
    """Returns the measures of images that are given in parts."""
    return metrics.stacked_digits(digits_in(classifier, parts))._asdict()


def generated(workdir):
    """Yields parts of the samples, which the newest checkpoint draws."""
    with tempfile.TemporaryDirectory() as folder:
        _training.export(workdir, f"{folder}/export")
        draw = tf.saved_model.load(f"{folder}/export").signatures["sample"]
        for seed in range(NUM_SAMPLES // _PART):
            drawn = draw(num_images=tf.constant(_PART), seed=tf.constant(seed))
            yield drawn["images"]


def real(data_dir, count):
    """Yields parts of the images of stacked MNIST, of the test set."""
    examples = data.load("stacked_mnist", data_dir=data_dir, split="test").examples
    for start in range(0, count, _PART):
        yield data.to_unit_range(examples[start : start + _PART])


def measure(classifier, workdir):
    """Returns the results of the newest checkpoint, with its configuration."""
    return {
        **judge(classifier, generated(workdir)),
        "step": callbacks.newest(f"{workdir}/checkpoints"),
        "training_seconds": round(_training.seconds_of(workdir)),
        "commit": commit(),
        "config": _training.config_of(workdir),
    }


def store(result, path):
    """Writes a result to a file, and replaces one of the same run and step."""
    _results.add(path, result, same=("step", "config"))


def main(_):
    values = flags.FLAGS
    train = _mnist.training_digits(values.data_dir)
    classifier = _mnist.kept_classifier(train, values.judge)
    digits = digits_in(classifier, real(values.data_dir, 60_000))
    references = {
        str(count): metrics.stacked_digits(digits[:count])._asdict()
        for count in (NUM_SAMPLES, len(digits))
    }
    result = {**measure(classifier, values.workdir), "real": references}
    print({key: value for key, value in result.items() if key != "config"})
    store(result, values.output)


if __name__ == "__main__":
    flags.DEFINE_string("data_dir", None, "Folder of prepared MNIST.", required=True)
    flags.DEFINE_string("workdir", None, "Run folder.", required=True)
    flags.DEFINE_string("judge", "runs/judge", "Folder that keeps the classifier.")
    flags.DEFINE_string("output", None, "JSON file for the results.")
    app.run(main)
