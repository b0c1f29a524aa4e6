"""The semi-supervised MNIST table of Salimans et al., 2016 (arXiv:1606.03498).

    python -m benchmarks.semi_supervised --data_dir=DIR --labels=100 --draws=1,2,3
    python -m benchmarks.semi_supervised --dataset=digits8 --epochs=100 --ema_decay=0.99

DIR is the folder in which TensorFlow Datasets keeps MNIST. By default, all details
follow the authors' code. Each of these flags replaces one detail:

    --latents=normal                    latents are N(0, 1), not U(0, 1)
    --adam=after_root                   1e-4 is added to the root, not 1e-8 under it
    --generator_learning_rate=3e-4      the rate of both networks is 3e-3
    --permutations=shared               D and G alternate in one permutation of the
                                        images, instead of having one each
    --average_start=weights             the average starts at zero
    --ema_decay=0.999                   the decay of the average is 0.9999
    --norm_epsilon=1e-5                 batch normalization adds 1e-6
    --start_images=first                the initial scales follow from 500 random images
    --label_draw=package                the labels are the first of each class in a
                                        permutation of the files' order, by NumPy's
                                        older generator

Draw n decides which examples keep their labels, and is the seed of all other random
numbers. Initial weights and noise have the authors' distributions, not their values.

After each epoch, the discriminator and its average are judged on all test images. The
result is the average's error after the last epoch: no epoch is picked by its test
error. Each draw resumes from its checkpoint in `--workdir` if there is one. Its result
replaces an earlier result of the same settings in `--output`.
"""

import json
import pathlib
import time

import keras
import numpy as np
from absl import app
from absl import flags

import launch
import trainers
from benchmarks import _few_labels
from benchmarks import _results
from benchmarks._commit import commit
from tfgan_tricks import data
from tfgan_tricks import layers
from tfgan_tricks import networks

BATCH_SIZE = 100
GENERATORS = ["feature_matching", "minibatch_discrimination"]


_SETTINGS = (
    "dataset",
    "labels",
    "generator",
    "epochs",
    "ema_decay",
    "generator_learning_rate",
    "latents",
    "adam",
    "permutations",
    "average_start",
    "norm_epsilon",
    "start_images",
    "label_draw",
)


def settings(draw):
    return {name: flags.FLAGS[name].value for name in _SETTINGS} | {"draw": draw}


def optimizer(config, learning_rate):
    """Returns the Adam of the authors, or the one that resembles it in Keras."""
    arguments = {"beta_1": 0.5, "beta_2": 0.999}
    if config["adam"] == "under_root":
        return _few_labels.AdamUnderRoot(learning_rate, epsilon=1e-8, **arguments)
    return keras.optimizers.Adam(learning_rate, epsilon=1e-4, **arguments)


def start_images(config, examples):
    """Returns 500 images, which set the discriminator's initial scales."""
    rows = np.arange(len(examples))
    if config["start_images"] == "random":
        rows = np.random.default_rng(config["draw"]).permutation(rows)
    return data.to_unit_range(examples[rows[:500]])


def make_trainer(config, examples):
    """Returns the compiled trainer, with initial scales from 500 examples."""
    matching = config["generator"] == "feature_matching"
    shape = examples.shape[1:]
    generator = networks.weight_norm_generator(
        shape,
        uniform_latents=config["latents"] == "uniform",
        norm_epsilon=config["norm_epsilon"],
        seed=config["draw"],
    )
    discriminator = networks.weight_norm_classifier(
        shape, minibatch_discrimination=not matching, seed=config["draw"]
    )
    layers.adapt(discriminator, start_images(config, examples))
    trainer = trainers.SemiSupervisedGAN(
        generator,
        discriminator,
        features="features" if matching else None,
        feature_matching=matching,
        discriminator_ema_decay=config["ema_decay"],
        seed=config["draw"],
    )
    rates = config["generator_learning_rate"], 3e-3
    trainer.compile(*(optimizer(config, rate) for rate in rates))
    return trainer


def labeled_examples(config, source):
    """Returns the examples that keep their labels."""
    per_class = config["labels"] // 10
    if config["label_draw"] == "package":
        return data.labeled_subset(source, per_class, seed=config["draw"])
    numbers = np.arange(len(source.labels))
    if config["dataset"] == "tfds:mnist":
        numbers = _few_labels.original_numbers(len(source.labels), "train")
    rows = _few_labels.labeled_rows(source.labels, numbers, per_class, config["draw"])
    return source._replace(examples=source.examples[rows], labels=source.labels[rows])


def batches(config, source, batches_per_step):
    """Returns a function from the number of a batch to it and all later batches."""
    labeled = labeled_examples(config, source)
    own = config["permutations"] == "own"
    num_streams = batches_per_step if own else 1

    def from_number(start):
        streams = [
            _few_labels.player_batches(
                source.examples,
                labeled,
                BATCH_SIZE,
                seed=num_streams * config["draw"] + index,
                start=start // num_streams,
            )
            for index in range(num_streams)
        ]
        return _few_labels.alternating(*streams)

    return from_number


class Judge(keras.callbacks.Callback):
    """Counter of errors on the test set, in a file with a line for each epoch.

    It counts the errors of the averaged discriminator and of the discriminator itself.
    """

    def __init__(self, test, path):
        super().__init__()
        self.images = data.to_unit_range(test.examples)
        self.labels = test.labels
        self.path = path

    def on_epoch_begin(self, epoch, logs=None):
        self.begin = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        seconds = time.monotonic() - self.begin
        options = {"batch_size": BATCH_SIZE, "verbose": 0}
        averaged = self.model.predict(self.images, **options)
        raw = self.model.discriminator.predict(self.images, **options).argmax(axis=-1)
        line = {
            "epoch": epoch + 1,
            "errors": int(np.sum(averaged != self.labels)),
            "raw_errors": int(np.sum(raw != self.labels)),
            "seconds": round(seconds, 1),
        }
        print(json.dumps(line), flush=True)
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def train(config, train_source, test_source):
    """Trains one draw to its end, and returns the lines of its `Judge`."""
    name = "-".join(str(value).replace(":", "_") for value in config.values())
    steps_per_epoch = len(train_source.examples) // BATCH_SIZE
    workdir = pathlib.Path(flags.FLAGS.workdir, name)
    trainer = make_trainer(config, train_source.examples)
    callbacks = [Judge(test_source, workdir / "errors.jsonl")]
    if config["average_start"] == "zero":
        callbacks.append(_few_labels.AverageFromZero())
    run = launch.Run(
        workdir,
        trainer,
        batches(config, train_source, trainer.batches_per_step),
        steps=config["epochs"] * steps_per_epoch,
        seed=config["draw"],
        checkpoint_every=steps_per_epoch,
        sample_every=steps_per_epoch,
        callbacks=callbacks,
        verbose=False,
    )
    run.train()
    lines = (workdir / "errors.jsonl").read_text().splitlines()
    by_epoch = {line["epoch"]: line for line in map(json.loads, lines)}
    return [by_epoch[epoch + 1] for epoch in range(config["epochs"])]


def record(config, lines, num_tested):
    """Writes a result to the output file, and replaces one of the same settings."""
    result = {
        "config": config,
        "errors": lines[-1]["errors"],
        "raw_errors": lines[-1]["raw_errors"],
        "test_images": num_tested,
        "seconds": round(sum(line["seconds"] for line in lines)),
        "commit": commit(),
        "errors_by_epoch": [line["errors"] for line in lines],
        "raw_errors_by_epoch": [line["raw_errors"] for line in lines],
    }
    _results.add(flags.FLAGS.output, result, same=("config",))


def main(_):
    train_source, test_source = (
        data.load(flags.FLAGS.dataset, data_dir=flags.FLAGS.data_dir, split=split)
        for split in ("train", "test")
    )
    for draw in map(int, flags.FLAGS.draws):
        config = settings(draw)
        lines = train(config, train_source, test_source)
        print({**config, "errors": lines[-1]["errors"]}, flush=True)
        record(config, lines, len(test_source.labels))


if __name__ == "__main__":
    flags.DEFINE_enum(
        "dataset", "tfds:mnist", ["tfds:mnist", "digits8"], "Dataset to train on."
    )
    flags.DEFINE_string("data_dir", None, "Folder of TensorFlow Datasets.")
    flags.DEFINE_integer("labels", 100, "Number of labels, a multiple of ten.")
    flags.DEFINE_list("draws", ["1", "2", "3"], "Seeds to train with.")
    flags.DEFINE_enum("generator", GENERATORS[0], GENERATORS, "Loss of the generator.")
    flags.DEFINE_integer("epochs", 300, "Passes over all images.")
    flags.DEFINE_float("ema_decay", 0.9999, "Decay of the averaged discriminator.")
    flags.DEFINE_float(
        "generator_learning_rate",
        3e-3,
        "Learning rate of the generator. The discriminator's is always 3e-3.",
    )
    flags.DEFINE_enum(
        "latents", "uniform", ["uniform", "normal"], "Distribution of the latents."
    )
    flags.DEFINE_enum(
        "adam", "under_root", ["under_root", "after_root"], "Place of Adam's epsilon."
    )
    flags.DEFINE_enum(
        "permutations",
        "own",
        ["own", "shared"],
        "Whether each network has its own permutation of the unlabeled images.",
    )
    flags.DEFINE_enum(
        "average_start",
        "zero",
        ["zero", "weights"],
        "Start of the averaged discriminator.",
    )
    flags.DEFINE_float(
        "norm_epsilon", 1e-6, "Epsilon of the generator's batch normalization."
    )
    flags.DEFINE_enum(
        "start_images",
        "random",
        ["random", "first"],
        "The 500 images that set the discriminator's initial scales.",
    )
    flags.DEFINE_enum(
        "label_draw",
        "authors",
        ["authors", "package"],
        "Whose function draws the examples that keep their labels.",
    )
    flags.DEFINE_string("workdir", "runs/semi_supervised", "Folder for checkpoints.")
    flags.DEFINE_string("output", None, "JSON file for the results.")
    app.run(main)
