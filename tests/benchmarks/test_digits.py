import json
import pathlib

import numpy as np
import pytest
import tensorflow as tf

from benchmarks import _mnist
from benchmarks import digits
from launch import train
from launch.config import configuration
from tests.data import images
from tests.launch.programs import run


def test_what_a_classifier_says_of_samples():
    probabilities = np.full([5, 4], 0.02)
    probabilities[[0, 1, 2, 3, 4], [2, 0, 2, 1, 0]] = 0.94
    probabilities[3] = [0.1, 0.89, 0.005, 0.005]
    logits = np.log(probabilities) + [[500.0], [-500.0], [0.0], [1.0], [7.0]]
    measures = _mnist.recognized(logits, asked=np.array([2, 0, 1, 1, 3]))
    assert measures == {
        "sure": 4 / 5,
        "as_asked": 3 / 5,
        "smallest_share": 0.0,
        "shares": [0.4, 0.2, 0.4, 0.0],
    }


def test_only_exact_duplicates_are_left_out():
    shape = (4, 28, 28, 1)
    these = np.random.default_rng(0).uniform(-1, 1, shape).astype("float32")
    seen = these[[2, 0]].copy()
    seen[1, 3, 4] += 1e-3
    left = _mnist.unseen(
        _mnist.Digits(these, np.array([5, 6, 7, 8])), _mnist.Digits(seen, None)
    )
    assert left.labels.tolist() == [5, 6, 8]
    np.testing.assert_array_equal(left.images, these[[0, 1, 3]])


def test_samples_of_the_export_are_of_each_class_equally_often(tmp_path):
    sets = ("width=2", "latent_dim=3", "label_dim=4", "batch_size=4")
    flags = [f"set={text}" for text in (*sets, "steps_per_execution=1")]
    assert run(train, f"workdir={tmp_path}/run", *flags, "steps=2") == 0
    samples = digits.samples_of(tmp_path / "run" / "export")
    assert np.bincount(samples.labels).tolist() == [200] * 10
    sampler = tf.saved_model.load(str(tmp_path / "run" / "export"))
    some = sampler.sample(tf.constant(samples.labels), tf.constant(0))["images"]
    np.testing.assert_allclose(samples.images, some, atol=1e-6)


def test_the_judge_tells_real_digits_from_others(tmp_path):
    folder = images.SHARED / "tfds"
    if not folder.exists():
        pytest.skip("needs the prepared dataset mnist")
    judge = _mnist.Judge(str(folder), tmp_path)
    real = judge.real()
    assert real["as_asked"] > 0.98 and real["sure"] > 0.9
    assert abs(real["coverage"] - (1 - 2**-5)) < 0.02
    assert judge.measures(judge.held_out)["coverage"] == 1.0
    one = judge.others.of(np.flatnonzero(judge.others.labels == 7)[:1])
    many = _mnist.Digits(one.images.repeat(2000, 0), np.arange(2000) % 10)
    collapsed = judge.measures(many)
    assert collapsed["coverage"] < 0.01
    assert (collapsed["as_asked"], collapsed["smallest_share"]) == (0.1, 0.0)
    negative = judge.others._replace(images=-judge.others.images)
    assert judge.coverage(negative.images) < 0.01
    again = _mnist.Judge(str(folder), tmp_path)
    assert again.real() == real


def published():
    path = pathlib.Path(__file__).parents[2] / "benchmarks/results/digits.json"
    return json.loads(path.read_text())


def test_the_published_results_match_the_preset():
    preset = configuration.preset("digits")
    for seed, result in enumerate(published()["runs"]):
        expected = configuration.changed(preset, {"seed": seed})
        assert configuration.from_entries(result["config"]) == expected


def test_the_published_results_are_as_good_as_promised():
    results = published()["runs"]
    assert [result["seed"] for result in results] == [0, 1, 2]
    for result in results:
        assert result["sure"] > 0.925
        assert result["as_asked"] >= 0.98
        assert result["smallest_share"] > 0.09
        assert result["coverage"] >= 0.9
