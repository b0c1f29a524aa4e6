"""A judge gives the scores of the functions, and says what they measure."""

import dataclasses
import json
import math

import numpy as np
import pytest

from tfgan_tricks import data
from tfgan_tricks import metrics
from tfgan_tricks.metrics._features import Extracted


def points(count, seed, shift=0.0):
    return np.random.RandomState(seed).normal(shift, size=[count, 2])


def test_scores_are_those_of_the_functions_for_the_chosen_rows():
    real, fake = points(90, 0), points(60, 1, shift=0.5)
    scores = metrics.Judge(real, num_examples=50, seed=3)(fake).scores
    chosen = real[np.random.RandomState(3).permutation(90)[:50]]
    assert scores["frechet_distance"] == metrics.frechet_distance(chosen, fake)
    kernel = metrics.kernel_distance(chosen, fake, subsets=10, subset_size=25)
    assert scores["kernel_distance"] == kernel.mean
    assert scores["kernel_distance_std"] == kernel.std
    precision, recall = metrics.precision_recall(chosen, fake)
    assert (scores["precision"], scores["recall"]) == (precision, recall)
    density, coverage = metrics.density_coverage(chosen, fake)
    assert (scores["density"], scores["coverage"]) == (density, coverage)


class InFiles:
    """Images that count the rows that are read, like a large folder's."""

    dtype, ndim = np.dtype("uint8"), 4

    def __init__(self, images):
        self.images, self.shape, self.read = images, images.shape, 0

    def __len__(self):
        return len(self.images)

    def __getitem__(self, rows):
        self.read += len(rows)
        return self.images[rows]


def test_images_that_are_not_compared_stay_in_their_files():
    random = np.random.RandomState(0)
    images = random.randint(256, size=[90, 2, 2, 1]).astype("uint8")
    in_files = InFiles(images)
    options = {"features": "pixels", "num_examples": 30}
    scores = metrics.Judge(in_files, **options)(images[:40]).scores
    assert scores == metrics.Judge(images, **options)(images[:40]).scores
    assert in_files.read == 30


def probable(images):
    """Returns two features of an image of one pixel, and the class of its value."""
    values = images[:, 0, 0, 0]
    return Extracted(
        np.stack([values, values**2 % 97], axis=1).astype("float32"),
        np.eye(4, dtype="float32")[values % 4],
    )


OF_PIXEL = metrics.Features("pixel", probable, "0123", accuracy=0.75)


def test_a_classifier_gives_an_inception_score_too():
    images = np.arange(200, dtype="uint8")[:, None, None, None]
    judge = metrics.Judge(images, features=OF_PIXEL)
    random = np.random.RandomState(0).permutation(images)
    assert 3.5 < judge(random).scores["inception_score"] <= 4.0
    same = np.full_like(images, 8) + 4 * np.random.RandomState(1).randint(0, 9, 200)[
        :, None, None, None
    ].astype("uint8")
    assert judge(same).scores["inception_score"] == pytest.approx(1.0)


def test_floats_become_the_pixels_that_a_file_would_store():
    images = np.arange(200, dtype="uint8")[:, None, None, None]
    judge = metrics.Judge(images, features=OF_PIXEL)
    as_floats = images / 127.5 - 1 + 0.001
    assert judge(as_floats.astype("float32")).scores == judge(images).scores
    in_unit = (images / 255).astype("float32")
    assert judge(in_unit, (0.0, 1.0)).scores == judge(images).scores


def test_labels_belong_to_the_chosen_examples():
    images = np.arange(100, dtype="uint8")[:, None, None, None]
    judge = metrics.Judge(images, np.arange(100) // 10, features=OF_PIXEL, seed=1)
    assert sorted(judge.labels) == sorted(np.arange(100) // 10)
    few = metrics.Judge(
        images, np.arange(100) // 10, features=OF_PIXEL, num_examples=30
    )
    rows = np.random.RandomState(0).permutation(100)[:30]
    np.testing.assert_array_equal(few.labels, rows // 10)


def test_modes_of_a_mixture_are_counted():
    source, mixture = data.load("ring8"), data.mixture("ring8")
    judge = metrics.Judge(source.examples, num_examples=200, mixture=mixture)
    three = source.examples[source.labels < 3][:200]
    scores = judge(three).scores
    assert scores["modes"] == 3
    assert scores["reverse_kl"] == pytest.approx(math.log(8 / 3), abs=0.02)
    assert judge.best_by == "coverage"
    assert 0.2 < scores["coverage"] < 0.5


def test_the_protocol_says_what_was_measured():
    judge = metrics.Judge(
        points(90, 0), num_examples=50, seed=3, split="test", dataset="mine"
    )
    protocol = judge(points(60, 1)).protocol
    known = {"features": "pixels", "num_real": 50, "num_fake": 60, "split": "test"}
    known |= {"resize": "none", "seed": 3, "dataset": "mine", "accuracy": None}
    entries = protocol.entries()
    assert known == {name: entries[name] for name in known}
    assert protocol.versions.keys() == {"tfgan_tricks", "tensorflow", "keras"}
    assert protocol.features_hash == metrics.pixel_features().digest
    again = metrics.Judge(points(90, 0), num_examples=50, seed=3, split="test")
    protocol.check_same(again(points(60, 2)).protocol)
    other = metrics.Judge(points(90, 9), num_examples=50, seed=3, split="test")
    with pytest.raises(ValueError, match="Received: real_hash='.*' and '[^,]*'$"):
        protocol.check_same(other(points(60, 1)).protocol)


PROTOCOL = metrics.Protocol("pixels", "1f", "2e", num_real=500, num_fake=400)
CHANGES = {
    "features": "random",
    "features_hash": "1e",
    "real_hash": "2f",
    "num_real": 400,
    "num_fake": 500,
    "split": "test",
    "resize": "64x64",
    "seed": 1,
}
NOTED = {"dataset": "a", "accuracy": 0.5, "versions": {"keras": "2.15"}}


def test_every_part_of_a_protocol_is_compared_or_only_noted():
    names = {field.name for field in dataclasses.fields(metrics.Protocol)}
    assert names == CHANGES.keys() | NOTED.keys()
    PROTOCOL.check_same(dataclasses.replace(PROTOCOL, **NOTED))


@pytest.mark.parametrize("name", CHANGES)
def test_scores_of_different_protocols_are_not_compared(name):
    value = CHANGES[name]
    one = metrics.Evaluation({"recall": 0.5}, PROTOCOL)
    other = metrics.Evaluation(
        {"recall": 0.25}, dataclasses.replace(PROTOCOL, **{name: value})
    )
    told = f"Received: {name}={getattr(PROTOCOL, name)!r} and {value!r}$"
    with pytest.raises(ValueError, match=told):
        one.minus(other)
    assert one.minus(one) == {"recall": 0.0}


def test_an_evaluation_can_be_read_from_its_file():
    one = metrics.Evaluation({"recall": 0.5, "reverse_kl": math.inf}, PROTOCOL)
    text = json.dumps({"step": 3, **one.entries()}, allow_nan=False)
    assert metrics.Evaluation.of_entries(json.loads(text)) == one


@pytest.mark.parametrize(
    "entries",
    [
        None,
        [],
        {},
        {"scores": {}, "protocol": {"features": "pixels"}},
        {"scores": {"a": "b"}, "protocol": PROTOCOL.entries()},
        {"scores": {}, "protocol": PROTOCOL.entries() | {"more": 1}},
    ],
)
def test_other_entries_are_no_evaluation(entries):
    with pytest.raises(ValueError, match="`entries` must have `scores` and `protocol`"):
        metrics.Evaluation.of_entries(entries)


IMAGES = np.zeros([30, 2, 2, 1], "uint8")
BAD = [
    (lambda: metrics.Judge(points(19, 0)), "at least 20. Received: .* 19 real"),
    (lambda: metrics.Judge(points(30, 0), num_examples=0), "`num_examples` must"),
    (lambda: metrics.Judge(IMAGES / 255.0), r"Received: real=float64 \[30, 2, 2, 1\]"),
    (lambda: metrics.Judge(IMAGES, features="classifier"), "data without labels"),
    (lambda: metrics.Judge(points(30, 0), features="random"), "pixels for points"),
    (lambda: metrics.Judge(IMAGES, features="incepton"), "`model` must exist"),
    (
        lambda: metrics.Judge(points(30, 0))(np.zeros([30, 3])),
        r"`fake` must have the shape \[30, 2\]",
    ),
    (lambda: metrics.Judge(points(30, 0))(points(19, 1)), "at least 20 examples"),
]


@pytest.mark.parametrize(("call", "told"), BAD)
def test_what_cannot_be_judged_is_an_error(call, told):
    with pytest.raises((ValueError, OSError), match=told):
        call()
