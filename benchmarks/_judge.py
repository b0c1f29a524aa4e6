"""Measures of samples of the 8x8 digits."""

import numpy as np

NEIGHBORS = 5


def flat(images):
    return images.reshape(len(images), -1)


def coverage(real, fake):
    """Returns the share of real examples with a fake one in their k-nearest ball."""
    from sklearn.neighbors import NearestNeighbors

    # The nearest real neighbor of a real example is the example itself.
    own = NearestNeighbors(n_neighbors=NEIGHBORS + 1).fit(real)
    radii = own.kneighbors(real)[0][:, -1]
    nearest = NearestNeighbors(n_neighbors=1).fit(fake).kneighbors(real)[0][:, 0]
    return float(np.mean(nearest <= radii))


def judge(samples):
    """Returns shares of the ten digits among samples in [-1, 1], and their coverage."""
    from sklearn.svm import SVC

    from tfgan_tricks import data

    train, test = data.load("digits8"), data.load("digits8", split="test")
    real, held_out = (flat(source.examples) / 127.5 - 1.0 for source in (train, test))
    classifier = SVC(C=10.0).fit(real, train.labels)
    shares = np.bincount(classifier.predict(samples), minlength=10) / len(samples)
    return {
        "classifier_accuracy": float(classifier.score(held_out, test.labels)),
        "smallest_share": float(shares.min()),
        "shares": shares.round(4).tolist(),
        "coverage": coverage(held_out, samples),
    }
