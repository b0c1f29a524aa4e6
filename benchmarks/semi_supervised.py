"""The semi-supervised MNIST table of Salimans et al., 2016 (arXiv:1606.03498).

    python -m benchmarks.semi_supervised --data_dir=DIR --labels=100 --draws=0,1,2
    python -m benchmarks.semi_supervised --dataset=digits8 --epochs=100 --ema_decay=0.99

DIR is the folder in which TensorFlow Datasets keeps MNIST. Networks, optimizer and
batches are the paper's. Adapt `--ema_decay` to the length of the run, `--epochs`. A
draw decides which examples keep their labels, and is the seed of all other random
numbers. After each epoch, the averaged discriminator is judged on all test images. The
result is the error after the last epoch: no epoch is picked by its test error.

On MNIST, the paper's learning rate saturates pixels of the generator in its first
steps, which costs some epochs. `--generator_learning_rate=1e-3` saves these epochs.

Each draw resumes from its checkpoint in `--workdir` if there is one. Its result
replaces an earlier result of the same settings in `--output`.
"""

import json
import pathlib
import time

import keras
from absl import app
from absl import flags

import launch
import trainers
from benchmarks._commit import commit
from tfgan_tricks import data
from tfgan_tricks import layers
from tfgan_tricks import networks

BATCH_SIZE = 100
GENERATORS = ["feature_matching", "minibatch_discrimination"]

_DATASET = flags.DEFINE_enum(
    "dataset", "tfds:mnist", ["tfds:mnist", "digits8"], "Dataset to train on."
)
_DATA_DIR = flags.DEFINE_string("data_dir", None, "Folder of TensorFlow Datasets.")
_LABELS = flags.DEFINE_integer("labels", 100, "Number of labels, a multiple of ten.")
_DRAWS = flags.DEFINE_list("draws", ["0", "1", "2"], "Seeds to train with.")
_GENERATOR = flags.DEFINE_enum(
    "generator", GENERATORS[0], GENERATORS, "Loss of the generator."
)
_EPOCHS = flags.DEFINE_integer("epochs", 300, "Passes over all images.")
_EMA_DECAY = flags.DEFINE_float(
    "ema_decay", 0.9999, "Decay of the averaged discriminator."
)
_GENERATOR_LEARNING_RATE = flags.DEFINE_float(
    "generator_learning_rate",
    3e-3,
    "Learning rate of the generator. The discriminator's is always 3e-3.",
)
_WORKDIR = flags.DEFINE_string(
    "workdir", "runs/semi_supervised", "Folder for checkpoints."
)
_OUTPUT = flags.DEFINE_string("output", None, "JSON file for the results.")


def settings(draw):
    return {
        "dataset": _DATASET.value,
        "labels": _LABELS.value,
        "generator": _GENERATOR.value,
        "epochs": _EPOCHS.value,
        "ema_decay": _EMA_DECAY.value,
        "generator_learning_rate": _GENERATOR_LEARNING_RATE.value,
        "draw": draw,
    }


def make_trainer(config, examples):
    """Returns the compiled trainer, with initial scales from 500 examples."""
    matching = config["generator"] == "feature_matching"
    shape = examples.shape[1:]
    discriminator = networks.weight_norm_classifier(
        shape, minibatch_discrimination=not matching, seed=config["draw"]
    )
    layers.adapt(discriminator, data.to_unit_range(examples[:500]))
    trainer = trainers.SemiSupervisedGAN(
        networks.weight_norm_generator(shape, seed=config["draw"]),
        discriminator,
        features="features" if matching else None,
        feature_matching=matching,
        discriminator_ema_decay=config["ema_decay"],
        seed=config["draw"],
    )
    rate = config["generator_learning_rate"]
    paper = trainer.paper_optimizer.arguments
    trainer.compile(keras.optimizers.Adam(**paper | {"learning_rate": rate}))
    return trainer


class Judge(keras.callbacks.Callback):
    """Counter of the errors on the test set after each epoch, in a file of lines."""

    def __init__(self, test, path):
        super().__init__()
        self.images = data.to_unit_range(test.examples)
        self.labels = test.labels
        self.path = path

    def on_epoch_begin(self, epoch, logs=None):
        self.begin = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        seconds = time.monotonic() - self.begin
        error = self.model.evaluate(
            self.images, self.labels, batch_size=BATCH_SIZE, verbose=0
        )
        line = {
            "epoch": epoch + 1,
            "errors": round(error * len(self.labels)),
            "seconds": round(seconds, 1),
        }
        print(json.dumps(line), flush=True)
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def train(config, train_source, test_source):
    """Trains one draw to its end, and returns the lines of its `Judge`."""
    name = "-".join(str(value).replace(":", "_") for value in config.values())
    steps_per_epoch = len(train_source.examples) // BATCH_SIZE
    workdir = pathlib.Path(_WORKDIR.value, name)

    def batches(start):
        return data.semi_supervised_batches(
            train_source,
            BATCH_SIZE,
            labels_per_class=config["labels"] // 10,
            label_seed=config["draw"],
            seed=config["draw"],
            start=start,
        )

    run = launch.Run(
        workdir,
        make_trainer(config, train_source.examples),
        batches,
        steps=config["epochs"] * steps_per_epoch,
        seed=config["draw"],
        checkpoint_every=steps_per_epoch,
        sample_every=steps_per_epoch,
        callbacks=[Judge(test_source, workdir / "errors.jsonl")],
        verbose=False,
    )
    run.train()
    lines = (workdir / "errors.jsonl").read_text().splitlines()
    by_epoch = {line["epoch"]: line for line in map(json.loads, lines)}
    return [by_epoch[epoch + 1] for epoch in range(config["epochs"])]


def record(config, lines, num_tested):
    """Writes a result to the output file, and replaces one of the same settings."""
    path = pathlib.Path(_OUTPUT.value)
    results = json.loads(path.read_text()) if path.exists() else []
    results = [result for result in results if result["config"] != config]
    results.append(
        {
            "config": config,
            "errors": lines[-1]["errors"],
            "test_images": num_tested,
            "seconds": round(sum(line["seconds"] for line in lines)),
            "commit": commit(),
            "errors_by_epoch": [line["errors"] for line in lines],
        }
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(results, indent=1) + "\n")


def main(_):
    train_source, test_source = (
        data.load(_DATASET.value, data_dir=_DATA_DIR.value, split=split)
        for split in ("train", "test")
    )
    for draw in map(int, _DRAWS.value):
        config = settings(draw)
        lines = train(config, train_source, test_source)
        print({**config, "errors": lines[-1]["errors"]}, flush=True)
        if _OUTPUT.value:
            record(config, lines, len(test_source.labels))


if __name__ == "__main__":
    app.run(main)
