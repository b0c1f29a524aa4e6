"""Features: what they compute, that they are reproducible, and what is kept."""

import random

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_tricks import metrics
from tfgan_tricks.metrics import _features_classifier
from tfgan_tricks.metrics import _features_random


def images(count, shape=(4, 4, 1), seed=0):
    rng = np.random.RandomState(seed)
    return rng.randint(0, 256, [count, *shape]).astype("uint8")


def halves(count):
    """Returns images that are bright in one half, and which half this is."""
    labels = np.arange(count) % 2
    found = images(count) // 4
    found[labels == 0, :2] += 150
    found[labels == 1, 2:] += 150
    return found, labels


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Trains a classifier of the halves; returns its folder and features."""
    folder = tmp_path_factory.mktemp("kept")
    return folder, metrics.classifier_features(*halves(60), folder)


def test_pixels_are_scaled_and_points_are_not():
    found = metrics.pixel_features()(np.array([[[[0], [255]]]], "uint8")).vectors
    np.testing.assert_array_equal(found, [[-1, 1]])
    points = np.array([[3.5, -2.0]])
    np.testing.assert_array_equal(metrics.pixel_features()(points).vectors, points)


def test_a_classifier_tells_classes_apart(kept):
    features = kept[1]
    unseen, labels = halves(70)
    found = features(unseen[60:])
    assert features.accuracy == 1.0
    np.testing.assert_array_equal(found.probabilities.argmax(axis=1), labels[60:])
    np.testing.assert_allclose(found.probabilities.sum(axis=1), 1, atol=1e-6)
    assert found.vectors.shape == (10, 128)
    assert found.vectors.dtype == "float32"


def test_the_accuracy_is_of_images_that_were_not_trained_on(tmp_path):
    """Random labels can be learned by heart, but not foreseen."""
    labels = np.random.RandomState(1).randint(0, 2, 400)
    accuracy = metrics.classifier_features(images(400), labels, tmp_path).accuracy
    assert 0.25 < accuracy < 0.75


def test_training_is_reproducible_and_leaves_other_random_numbers_alone(kept, tmp_path):
    def next_numbers():
        own = random.random(), np.random.rand(), float(tf.random.uniform([]))
        return own, float(keras.random.uniform([])) if hasattr(keras, "random") else 0

    keras.utils.set_random_seed(3)
    expected = next_numbers()
    keras.utils.set_random_seed(3)
    again = metrics.classifier_features(*halves(60), tmp_path)
    assert next_numbers() == expected
    assert again.digest == kept[1].digest


def test_a_kept_classifier_is_not_trained_again(kept, monkeypatch):
    monkeypatch.setattr(_features_classifier, "_train", None)
    folder, features = kept
    again = metrics.classifier_features(*halves(60), folder)
    assert (again.digest, again.accuracy) == (features.digest, features.accuracy)
    x = images(7, seed=5)
    np.testing.assert_array_equal(again(x).vectors, features(x).vectors)


def test_other_data_and_damaged_files_are_not_taken_for_kept_ones(kept, monkeypatch):
    trained = []

    def train(network, *_):
        trained.append(network)
        return 0.5

    monkeypatch.setattr(_features_classifier, "_train", train)
    folder, (x, labels) = kept[0], halves(60)
    x[0, 0, 0, 0] += 1
    metrics.classifier_features(x, labels, folder)
    (good,) = [p for p in folder.iterdir() if float(np.load(p)["accuracy"]) == 1.0]
    content = good.read_bytes()
    good.write_bytes(content[:500])
    try:
        assert metrics.classifier_features(*halves(60), folder).accuracy == 0.5
    finally:
        good.write_bytes(content)
    assert len(trained) == 2


def test_the_cache_is_in_a_folder_of_the_user(monkeypatch):
    for name in ("TFGAN_TRICKS_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/home/me")
    assert metrics.cache_folder() == "/home/me/.cache/tfgan_tricks"
    monkeypatch.setenv("XDG_CACHE_HOME", "/fast")
    assert metrics.cache_folder() == "/fast/tfgan_tricks"
    monkeypatch.setenv("TFGAN_TRICKS_CACHE", "~/own")
    assert metrics.cache_folder() == "/home/me/own"


def test_random_features_depend_on_the_seed_alone():
    x = images(5, (8, 8, 3))
    one, other = metrics.random_features((8, 8, 3)), metrics.random_features((8, 8, 3))
    np.testing.assert_array_equal(one(x).vectors, other(x).vectors)
    assert one.digest == other.digest != metrics.random_features((8, 8, 3), 1).digest
    assert one(x).probabilities is None
    assert np.linalg.matrix_rank(one(images(200, (8, 8, 3))).vectors) > 32


def test_images_do_not_depend_on_their_batch():
    features = metrics.random_features((4, 4, 1))
    x = images(300)
    alone = [features(x[i : i + 1]).vectors[0] for i in (0, 299)]
    np.testing.assert_allclose(features(x).vectors[[0, 299]], alone, atol=1e-5)


def test_large_images_are_made_smaller():
    features = metrics.random_features((100, 80, 1))
    assert features.resize == "64x64, bilinear, antialiased"
    assert features(images(1, (100, 80, 1))).vectors.shape == (1, 64)
    assert _features_random.resized((64, 64, 1)) is None


def flattened(shape):
    return keras.Sequential([keras.Input(shape), keras.layers.Flatten()])


def test_a_network_of_the_user_gets_resized_images_in_unit_range():
    x = images(3, (8, 8, 1))
    found = metrics.model_features(flattened((4, 4, 3)))(x).vectors
    # Antialiasing halves a size by the weights 1, 3, 3, 1 of a triangle.
    row = np.zeros([4, 8])
    for i in range(4):
        for offset, weight in zip(range(-1, 3), (1, 3, 3, 1), strict=True):
            if 0 <= 2 * i + offset < 8:
                row[i, 2 * i + offset] = weight
    row /= row.sum(axis=1, keepdims=True)
    expected = row @ (x[..., 0] / 127.5 - 1) @ row.T
    expected = np.repeat(expected[..., None], 3, axis=3).reshape(3, -1)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_models_in_files_are_those_in_memory(tmp_path):
    model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Conv2D(2, 3)])
    model.save(tmp_path / "model.keras")
    _save(model, tmp_path / "saved")
    x = images(5)
    expected = metrics.model_features(model)(x).vectors
    for path in (tmp_path / "model.keras", tmp_path / "saved"):
        found = metrics.model_features(path)
        np.testing.assert_allclose(found(x).vectors, expected, atol=1e-6)
    of_keras = metrics.model_features(tmp_path / "model.keras")
    assert of_keras.digest == metrics.model_features(model).digest
    model.set_weights([2 * w for w in model.get_weights()])
    assert of_keras.digest != metrics.model_features(model).digest


def _save(model, path):
    module = tf.Module()
    module.model = model
    module.call = tf.function(
        lambda images: {"features": model(images)},
        input_signature=[tf.TensorSpec([None, 4, 4, 1])],
    )
    tf.saved_model.save(module, str(path), signatures=module.call)


BAD = [
    (lambda: metrics.random_features((4, 4, 1))(np.zeros([2, 2])), "`examples` must"),
    (lambda: metrics.model_features("nowhere.keras"), "`model` must exist"),
    (lambda: metrics.model_features(__file__), "must be a .keras file or"),
    (lambda: metrics.model_features("."), "signature serving_default"),
    (lambda: metrics.model_features(flattened((4,))), "Received: an input of shape"),
    (
        lambda: metrics.model_features(flattened((4, 4, 1)))(images(2, (4, 4, 3))),
        "must have the 1 channels of the model. Received: images of 3 channels",
    ),
    (
        lambda: metrics.classifier_features(images(30), np.zeros(30, int)),
        "must have at least two classes, .* Received: 1 classes of 30 images",
    ),
    (
        lambda: metrics.classifier_features(images(30), np.zeros(29, int)),
        "must be 30 integers from 0",
    ),
]


@pytest.mark.parametrize(("call", "told"), BAD)
def test_what_cannot_be_done_is_an_error_of_one_line(call, told):
    with pytest.raises((ValueError, OSError), match=told):
        call()
