"""Measures of generated MNIST digits, each with the class that was asked for."""

import pathlib
from typing import NamedTuple

import keras
import numpy as np

from benchmarks import _judge
from tfgan_tricks import data
from tfgan_tricks import metrics

NUM_SAMPLES = 2000
NUM_COMPONENTS = 64
SURE = 0.9
_EPOCHS = 3


class Digits(NamedTuple):
    """Images in [-1, 1], float32 `[N, 28, 28, 1]`, and their classes, `[N]`."""

    images: np.ndarray
    labels: np.ndarray

    def of(self, rows):
        return Digits(self.images[rows], self.labels[rows])


class Judge:
    """Judge of digits, from MNIST's training set without `mnist5k` and its test set.

    Args:
        data_dir: Folder of TensorFlow Datasets in which MNIST is prepared.
        workdir: Folder that keeps the classifier, which is trained if it is missing.
    """

    def __init__(self, data_dir, workdir):
        from sklearn.decomposition import PCA

        train = training_digits(data_dir)
        test = _load(data_dir, "test")
        rows = np.random.default_rng(0).permutation(len(test.labels))
        self.held_out = test.of(rows[:NUM_SAMPLES])
        self.others = test.of(rows[NUM_SAMPLES : 2 * NUM_SAMPLES])
        self.components = PCA(NUM_COMPONENTS, random_state=0)
        self.components.fit(_judge.flat(train.images))
        self.classifier = kept_classifier(train, workdir)

    def real(self):
        """Returns the measures of real test digits, other than the held-out ones."""
        return self.measures(self.others)

    def measures(self, samples):
        """Returns the measures of samples, whose labels are the classes asked for."""
        logits = self.classifier.predict(samples.images, batch_size=500, verbose=0)
        return {
            **recognized(logits, samples.labels),
            "coverage": self.coverage(samples.images),
        }

    def coverage(self, images):
        """Returns the share of held-out digits that images cover, in components."""
        real, fake = (
            self.components.transform(_judge.flat(x))
            for x in (self.held_out.images, images)
        )
        return metrics.density_coverage(real, fake).coverage


def digits(source):
    return Digits(data.to_unit_range(source.examples).numpy(), source.labels)


def _load(data_dir, split):
    return digits(data.load("tfds:mnist", data_dir=data_dir, split=split))


def training_digits(data_dir):
    """Returns MNIST's training set without `mnist5k`."""
    return unseen(_load(data_dir, "train"), digits(data.load("mnist5k")))


def unseen(these, seen):
    """Returns the digits that are not exactly one of `seen`."""
    known = {image.tobytes() for image in seen.images}
    return these.of([image.tobytes() not in known for image in these.images])


def classifier():
    """Returns a convolutional classifier, with 99% accuracy after training."""
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(10),
        ]
    )


def kept_classifier(train, workdir):
    """Returns the classifier of a folder, which is trained if it is missing."""
    path = pathlib.Path(workdir, "classifier.keras")
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        trained(classifier(), train).save(path)
    return keras.models.load_model(path)


def trained(model, train):
    """Returns the classifier, trained on digits."""
    keras.utils.set_random_seed(0)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss)
    model.fit(train.images, train.labels, batch_size=128, epochs=_EPOCHS, verbose=0)
    return model


def recognized(logits, asked):
    """Returns measures of a classifier's logits, given the classes asked for."""
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities = weights / weights.sum(axis=1, keepdims=True)
    found = probabilities.argmax(axis=1)
    shares = np.bincount(found, minlength=logits.shape[1]) / len(found)
    return {
        "sure": float(np.mean(probabilities.max(axis=1) > SURE)),
        "as_asked": float(np.mean(found == asked)),
        "smallest_share": float(shares.min()),
        "shares": shares.round(4).tolist(),
    }
