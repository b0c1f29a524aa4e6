"""Measures of samples of the 8x8 digits."""

import numpy as np

from tfgan_tricks import data
from tfgan_tricks import metrics


def flat(images):
    return images.reshape(len(images), -1)


def judge(samples):
    """Returns shares of the ten digits among samples in [-1, 1], and their coverage."""
    from sklearn.svm import SVC

    train, test = data.load("digits8"), data.load("digits8", split="test")
    real, held_out = (flat(source.examples) / 127.5 - 1.0 for source in (train, test))
    classifier = SVC(C=10.0).fit(real, train.labels)
    shares = np.bincount(classifier.predict(samples), minlength=10) / len(samples)
    return {
        "classifier_accuracy": float(classifier.score(held_out, test.labels)),
        "smallest_share": float(shares.min()),
        "shares": shares.round(4).tolist(),
        "coverage": metrics.density_coverage(held_out, samples).coverage,
    }
