"""All scores of generated examples against the same real ones."""

import os
from typing import Any

import numpy as np

from tfgan_tricks import _checks
from tfgan_tricks import _unit_range
from tfgan_tricks import _versions
from tfgan_tricks.metrics import _features
from tfgan_tricks.metrics._balls import density_coverage
from tfgan_tricks.metrics._balls import precision_recall
from tfgan_tricks.metrics._features import Features
from tfgan_tricks.metrics._features import pixel_features
from tfgan_tricks.metrics._features_classifier import classifier_features
from tfgan_tricks.metrics._features_inception import NAME as INCEPTION
from tfgan_tricks.metrics._features_inception import inception_features
from tfgan_tricks.metrics._features_model import model_features
from tfgan_tricks.metrics._features_random import random_features
from tfgan_tricks.metrics._frechet import frechet_distance
from tfgan_tricks.metrics._inception_score import inception_score
from tfgan_tricks.metrics._kernel import kernel_distance
from tfgan_tricks.metrics._modes import mode_count
from tfgan_tricks.metrics._protocol import Evaluation
from tfgan_tricks.metrics._protocol import Protocol

KINDS = ("auto", "classifier", "random", "pixels")
_SUBSETS, _SUBSET_SIZE = 10, 1000
# The names of distances between features of the official Inception network.
_OFFICIAL = {
    "frechet_distance": "fid",
    "kernel_distance": "kid",
    "kernel_distance_std": "kid_std",
}
_SPLITS = 10


class Judge:
    """A function that compares generated examples with real ones, by all scores.

    Create it once and call it with as many generated examples as often as you like.
    It selects real examples and computes their features at the beginning.

    | score | better | meaning |
    |---|---|---|
    | `frechet_distance` | low | distance of the means and covariances of features |
    | `kernel_distance` | low | distance of the distributions of features |
    | `precision`, `density` | high | how realistic the examples are |
    | `recall`, `coverage` | high | how much of the variety of the data they have |
    | `inception_score` | high | sure and balanced classes, classifier features only |
    | `modes`, `high_quality` | high | see `mode_count`, mixtures only |
    | `reverse_kl` | low | see `mode_count`, mixtures only |

    The kernel distance is a mean over 10 subsets of at most 1,000 examples, and
    `kernel_distance_std` its standard deviation. With `inception_features`, and only
    with them, the distances are called `fid`, `kid` and `kid_std`.

    Args:
        real: Real examples: uint8 images `[N, height, width, channels]`, or points,
            floats `[N, d]`. The images of a large folder stay in their files, except
            for the training of a classifier.
        labels: Integer labels `[N]`, or `None`.
        features: `Features`, a `keras.Model` or the path of a model as in
            `model_features`, or one of four names: "classifier" for
            `classifier_features`, "random" for `random_features`, "pixels" for
            `pixel_features`, and "auto". A path that ends in `.pb` means
            `inception_features`. "auto" means the classifier for images of
            several classes, random features for other images, and pixels for points.
        num_examples: Number of real and of generated examples, at least 20. It is at
            most the number of real examples.
        mixture: A `data.mixture`, whose modes are counted too, or `None`.
        seed: Seed of the choice of real examples, and of latents.
        split: Name of the part of the data, for the protocol.
        dataset: Name of the data, for the protocol.
        cache_dir: Folder for the weights of a classifier, see `classifier_features`.

    Attributes:
        labels: Labels of the chosen real examples `[num_examples]`, or `None`.
        num_examples: Number of real and of generated examples.
        best_by: Name of the score to select a checkpoint by: the coverage of points,
            and otherwise the Fréchet distance.

    Raises:
        ValueError: If there are too few examples, or an argument is out of range.

    >>> random = np.random.default_rng(0)
    >>> judge = Judge(random.normal(size=[100, 2]), num_examples=50)
    >>> evaluation = judge(random.normal(size=[50, 2]))
    >>> evaluation.scores["frechet_distance"] < 1, evaluation.protocol.num_real
    (True, 50)
    """

    # Below this number the scores of neighbors and subsets mean little.
    LEAST = 20

    def __init__(
        self,
        real: Any,
        labels: np.ndarray | None = None,
        *,
        features: Any = "auto",
        num_examples: int = 5000,
        mixture: Any = None,
        seed: int = 0,
        split: str = "train",
        dataset: str = "",
        cache_dir: str | os.PathLike | None = None,
    ) -> None:
        # Images in their files also have rows, a shape and a dtype.
        if not isinstance(getattr(real, "dtype", None), np.dtype):
            real = np.asarray(real)
        _checks.positive_integer(num_examples=num_examples)
        _checks.integer(seed=seed)
        _check_real(real)
        self.num_examples = min(num_examples, len(real))
        if self.num_examples < self.LEAST:
            raise ValueError(
                f"`num_examples` must be at least {self.LEAST}. "
                f"Received: num_examples={num_examples} with {len(real)} real examples"
            )
        self.features = _chosen(features, real, labels, cache_dir)
        self.best_by = "frechet_distance" if real.ndim == 4 else "coverage"
        if self.features.name == INCEPTION:
            self.best_by = _OFFICIAL[self.best_by]
        self.seed = seed
        order = np.random.RandomState(seed % (1 << 32)).permutation(len(real))
        rows = order[: self.num_examples]  # Random, as the inception score needs them.
        self.labels = None if labels is None else np.asarray(labels)[rows]
        self._mixture = mixture
        self._shape, self._is_uint8 = real.shape[1:], real.dtype == np.uint8
        chosen = real[rows]
        self._real = self.features(chosen).vectors
        self._protocol = {
            "features": self.features.name,
            "features_hash": self.features.digest,
            "accuracy": self.features.accuracy,
            "resize": self.features.resize,
            "real_hash": _features.digest_of_arrays(chosen),
            "num_real": len(rows),
            "split": split,
            "dataset": dataset,
            "seed": seed,
        }

    def __call__(
        self, fake: np.ndarray, output_range: _unit_range.Range | None = None
    ) -> Evaluation:
        """Returns the `Evaluation` of generated examples.

        Args:
            fake: Generated examples in the shape of the real ones. If the real examples
                are uint8, images may be uint8 too, or floats, which are converted.
            output_range: Range of images of floats, `None` for (-1, 1).

        Raises:
            ValueError: If the shapes differ, or there are too few examples.
        """
        fake = self._converted(np.asarray(fake), output_range)
        found = self.features(fake)
        scores = _scores(self._real, found)
        if self.features.name == INCEPTION:
            scores = {_OFFICIAL.get(name, name): each for name, each in scores.items()}
        if self._mixture is not None:
            scores |= mode_count(fake, *self._mixture)._asdict()
        protocol = Protocol(
            **self._protocol, num_fake=len(fake), versions=_versions.current()
        )
        return Evaluation(scores, protocol)

    def _converted(self, fake, output_range):
        if fake.shape[1:] != self._shape:
            raise ValueError(
                f"`fake` must have the shape {[len(fake), *self._shape]} of the real "
                f"examples. Received: fake of shape {list(fake.shape)}"
            )
        if len(fake) < self.LEAST:
            raise ValueError(
                f"`fake` must have at least {self.LEAST} examples. "
                f"Received: {len(fake)}"
            )
        if self._is_uint8 and fake.dtype != np.uint8:
            return _unit_range.to_uint8(fake, output_range or (-1.0, 1.0)).numpy()
        return fake


def _check_real(real):
    is_points = real.ndim == 2 and real.dtype.kind == "f"
    if not is_points and (real.ndim != 4 or real.dtype != np.uint8):
        raise ValueError(
            "`real` must be uint8 images [N, height, width, channels], or points, "
            f"floats [N, d]. Received: real={real.dtype} {list(real.shape)}"
        )


def _chosen(features, real, labels, cache_dir):
    """Returns the `Features` that an argument stands for."""
    if isinstance(features, Features):
        return features
    if features == "auto":
        has_classes = labels is not None and len(np.unique(labels)) > 1
        of_images = "classifier" if has_classes else "random"
        features = of_images if real.ndim == 4 else "pixels"
    if real.ndim != 4 and features != "pixels":
        raise ValueError(
            f"`features` must be pixels for points. Received: features={features!r}"
        )
    if features == "pixels":
        return pixel_features()
    if features == "random":
        return random_features(real.shape[1:])
    if str(features).endswith(".pb"):
        return inception_features(features)
    if features != "classifier":
        return model_features(features)
    if labels is None:
        raise ValueError(
            "`features` must not be classifier for data without labels. Use random. "
            f"Received: features={features!r} with labels=None"
        )
    return classifier_features(real, labels, cache_dir)


def _scores(real, found):
    fake, probabilities = found
    size = min(_SUBSET_SIZE, len(real) // 2, len(fake) // 2)
    kernel = kernel_distance(real, fake, subsets=_SUBSETS, subset_size=size)
    scores = {
        "frechet_distance": frechet_distance(real, fake),
        "kernel_distance": kernel.mean,
        "kernel_distance_std": kernel.std,
        **precision_recall(real, fake)._asdict(),
        **density_coverage(real, fake)._asdict(),
    }
    if probabilities is not None:
        of_classes = inception_score(probabilities.astype("float64"), splits=_SPLITS)
        scores |= {
            "inception_score": of_classes.mean,
            "inception_score_std": of_classes.std,
        }
    return scores
