import json
import pathlib
import subprocess
import sys
import zipfile

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfgan_tricks
from tests.generators import LATENT_DIM
from tests.generators import NUM_CLASSES
from tests.generators import conditional_generator
from tests.generators import ends_in
from tests.generators import image_generator
from tests.generators import point_generator
from tfgan_tricks import _limits
from tfgan_tricks import export


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    generator = image_generator()
    path = tmp_path_factory.mktemp("saved") / "export"
    export.save(generator, path, metadata={"weights": "ema", "preset": "digits"})
    return generator, path, tf.saved_model.load(str(path)).signatures


@pytest.mark.parametrize("batch", [1, 5])
def test_serving_default_is_the_generator_in_inference_mode(saved, batch):
    generator, _, signatures = saved
    z = tf.random.stateless_normal([batch, LATENT_DIM], seed=[1, 2])
    images = signatures["serving_default"](z=z)["images"]
    np.testing.assert_allclose(images, generator(z, training=False), atol=1e-6)
    training = image_generator()(z, training=True)
    assert not np.allclose(images, training, atol=1e-2)


def test_signatures_state_names_types_and_a_dynamic_batch(saved):
    signatures = saved[2]
    z = signatures["serving_default"].structured_input_signature[1]["z"]
    assert (z.shape.as_list(), z.dtype) == ([None, LATENT_DIM], tf.float32)
    scalars = signatures["sample"].structured_input_signature[1]
    assert {k: (v.shape.rank, v.dtype) for k, v in scalars.items()} == {
        "num_images": (0, tf.int32),
        "seed": (0, tf.int32),
    }
    images = signatures["serving_default"].structured_outputs["images"]
    assert (images.shape.as_list(), images.dtype) == ([None, 4, 4, 1], tf.float32)


def sample(signatures, num_images, seed):
    arguments = {"num_images": num_images, "seed": seed}
    arguments = {name: tf.constant(value) for name, value in arguments.items()}
    return signatures["sample"](**arguments)["images"].numpy()


def test_sample_is_a_pure_function_of_its_arguments(saved):
    signatures = saved[2]
    first = sample(signatures, 4, seed=7)
    assert first.shape == (4, 4, 4, 1)
    sample(signatures, 2, seed=8)
    tf.random.set_seed(99)
    np.testing.assert_array_equal(sample(signatures, 4, seed=7), first)
    assert not np.allclose(sample(signatures, 4, seed=8), first)
    assert not np.allclose(first[0], first[1])


def test_sample_of_a_loaded_model_is_the_sampler_s(saved):
    generator, _, signatures = saved
    here = export.Sampler(generator).sample(3, 11)["images"]
    np.testing.assert_allclose(sample(signatures, 3, seed=11), here, atol=1e-6)


def test_images_are_float32_under_a_mixed_policy(tmp_path):
    inputs = keras.Input((LATENT_DIM,))
    generator = keras.Model(
        inputs, keras.layers.Dense(2, dtype="mixed_bfloat16")(inputs)
    )
    assert generator(tf.zeros([1, LATENT_DIM])).dtype == tf.bfloat16
    export.save(generator, tmp_path / "export")
    loaded = tf.saved_model.load(str(tmp_path / "export"))
    assert loaded.generate(tf.zeros([1, LATENT_DIM]))["images"].dtype == tf.float32


def test_metadata_describes_the_images_and_the_versions(saved):
    text = (saved[1] / "metadata.json").read_text()
    assert json.loads(text) == {
        "latent_dim": LATENT_DIM,
        "image_shape": [4, 4, 1],
        "output_range": [-1.0, 1.0],
        "versions": {
            "tfgan_tricks": tfgan_tricks.__version__,
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
        },
        "weights": "ema",
        "preset": "digits",
    }


@pytest.mark.parametrize(
    "activation, as_images, expected",
    [
        ("sigmoid", True, [0.0, 1.0]),
        ("linear", True, [-1.0, 1.0]),
        ("linear", False, None),
    ],
)
def test_output_range_matches_the_last_activation(
    tmp_path, activation, as_images, expected
):
    end = [keras.layers.Reshape((2, 2, 1))] if as_images else []
    generator = ends_in(keras.layers.Dense(4, activation), *end)
    assert export.save(generator, tmp_path / "e")["output_range"] == expected
    described = json.loads((tmp_path / "e" / "metadata.json").read_text())
    assert described["output_range"] == expected


def test_output_range_may_be_told(tmp_path):
    generator = ends_in(keras.layers.Dense(4, "sigmoid"))
    described = export.save(generator, tmp_path / "e", output_range=(-2, np.float32(3)))
    assert described["output_range"] == [-2.0, 3.0]


@pytest.mark.parametrize("output_range", [(1.0, 0.0), (0.0, float("nan")), "tanh", 1.0])
def test_output_range_must_be_one(tmp_path, output_range):
    with pytest.raises(ValueError, match="Received: output_range="):
        export.save(point_generator(), tmp_path / "e", output_range=output_range)
    assert list(tmp_path.iterdir()) == []


def test_points_have_no_output_range(tmp_path):
    described = export.save(point_generator(), tmp_path / "e", output_range=None)
    assert described["output_range"] is None
    assert described["image_shape"] == [2]
    assert json.loads((tmp_path / "e" / "metadata.json").read_text()) == described


@pytest.fixture(scope="module")
def saved_by_class(tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "export"
    described = export.save(conditional_generator(), path, num_classes=NUM_CLASSES)
    return path, tf.saved_model.load(str(path)).signatures, described


def rows_of_three(images):
    """Returns the first three of four pixels."""
    return np.reshape(images, (len(images), 4))[:, :3]


def test_serving_default_takes_labels(saved_by_class):
    _, signatures, _ = saved_by_class
    z = np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9]], "float32")
    labels = tf.constant([2, 0, 1])
    images = signatures["serving_default"](z=tf.constant(z), labels=labels)["images"]
    expected = z + [[20], [0], [10]]
    np.testing.assert_allclose(rows_of_three(images), expected, rtol=1e-6)


def test_sample_draws_one_image_for_each_label(saved_by_class):
    _, signatures, _ = saved_by_class
    labels, seed = tf.constant([1, 1, 0, 2, 1]), tf.constant(4)
    images = signatures["sample"](labels=labels, seed=seed)["images"]
    z = tf.random.stateless_normal([5, LATENT_DIM], [4, 0], alg="philox")
    expected = z + 10.0 * np.array([[1], [1], [0], [2], [1]])
    np.testing.assert_allclose(rows_of_three(images), expected, rtol=1e-5)
    here = export.Sampler(conditional_generator(), NUM_CLASSES).sample(labels, seed)
    np.testing.assert_allclose(here["images"], images, rtol=1e-6)


def test_signatures_and_metadata_state_the_labels(saved_by_class):
    path, signatures, described = saved_by_class
    shapes = {
        name: {
            key: (spec.shape.as_list(), spec.dtype)
            for key, spec in signature.structured_input_signature[1].items()
        }
        for name, signature in signatures.items()
    }
    labels = ([None], tf.int32)
    assert shapes == {
        "serving_default": {"z": ([None, LATENT_DIM], tf.float32), "labels": labels},
        "sample": {"labels": labels, "seed": ([], tf.int32)},
    }
    assert described["num_classes"] == NUM_CLASSES
    assert json.loads((path / "metadata.json").read_text()) == described


@pytest.mark.parametrize("label", [-1, NUM_CLASSES])
def test_labels_out_of_range_are_refused(saved_by_class, label):
    sampler = export.Sampler(conditional_generator(), NUM_CLASSES)
    labels, seed = tf.constant([0, label]), tf.constant(0)
    with pytest.raises(ValueError, match=rf"must be 0 to 2. Received: .*{label}\]"):
        sampler.sample(labels=labels, seed=seed)
    with pytest.raises(tf.errors.InvalidArgumentError, match="from 0 to 2.*Received"):
        saved_by_class[1]["sample"](labels=labels, seed=seed)


USER = """
import importlib.abc, json, sys

class Blocker(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.split(".")[0] in {"tfgan_tricks", "trainers", "launch"}:
            raise ImportError(f"{name} is not installed here")

sys.meta_path.insert(0, Blocker())
import tensorflow as tf
loaded = tf.saved_model.load(sys.argv[1])
what = {name: tf.constant(value) for name, value in json.loads(sys.argv[2]).items()}
images = loaded.signatures["sample"](**what)
print(json.dumps(images["images"].numpy().ravel().tolist()))
"""


def sampled_elsewhere(path, **arguments):
    command = [sys.executable, "-c", USER, str(path), json.dumps(arguments)]
    result = subprocess.run(command, capture_output=True, text=True, cwd="/")
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_a_process_with_only_tensorflow_can_use_it(saved):
    here = sample(saved[2], 2, seed=3).ravel()
    there = sampled_elsewhere(saved[1], num_images=2, seed=3)
    np.testing.assert_allclose(there, here, atol=1e-6)


def test_a_process_with_only_tensorflow_can_choose_labels(saved_by_class):
    there = sampled_elsewhere(saved_by_class[0], labels=[2, 0], seed=3)
    z = tf.random.stateless_normal([2, LATENT_DIM], [3, 0], alg="philox")
    expected = z + 10.0 * np.array([[2], [0]])
    pixels = rows_of_three(np.reshape(there, (2, 4)))
    np.testing.assert_allclose(pixels, expected, rtol=1e-5)


def test_directory_is_as_readable_as_any_other(saved):
    ordinary = saved[1].parent / "ordinary"
    ordinary.mkdir()
    assert saved[1].stat().st_mode == ordinary.stat().st_mode


def test_empty_directory_and_missing_parents_are_fine(tmp_path):
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "empty", tmp_path / "a" / "b"):
        export.save(point_generator(), str(path))
        assert (path / "saved_model.pb").exists()


def test_nothing_is_overwritten(tmp_path):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("mine")
    (tmp_path / "mine.keras").write_text("mine")
    for name in ("file", "full"):
        with pytest.raises(ValueError, match="Received: path="):
            export.save(point_generator(), tmp_path / name)
    with pytest.raises(ValueError, match="Received: path="):
        export.save_keras(point_generator(), tmp_path / "mine.keras")
    kept = [tmp_path / "file", tmp_path / "full" / "file", tmp_path / "mine.keras"]
    assert [path.read_text() for path in kept] == ["mine"] * 3


def test_failure_half_way_leaves_nothing(tmp_path, monkeypatch):
    def fail(_, path, **__):
        pathlib.Path(path).mkdir()
        (pathlib.Path(path) / "saved_model.pb").touch()
        raise OSError("disk full")

    monkeypatch.setattr(tf.saved_model, "save", fail)
    with pytest.raises(OSError, match="disk full"):
        export.save(point_generator(), tmp_path / "export")
    assert list(tmp_path.iterdir()) == []


def test_nothing_but_the_export_is_left_next_to_it(tmp_path):
    export.save(point_generator(), tmp_path / "export")
    export.save_keras(point_generator(), tmp_path / "g.keras")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["export", "g.keras"]


def two_inputs():
    inputs = [keras.Input((2,)), keras.Input((3, 3))]
    rows = keras.layers.Flatten()(inputs[1])
    return keras.Model(inputs, keras.layers.Concatenate()([inputs[0], rows]))


def image_input():
    return keras.Sequential(
        [keras.layers.InputLayer((2, 2, 1)), keras.layers.Flatten()]
    )


@pytest.mark.parametrize("make", [two_inputs, image_input])
def test_generator_must_take_one_batch_of_latents(tmp_path, make):
    with pytest.raises(ValueError, match="Received: generator.input_shape="):
        export.save(make(), tmp_path / "export")
    assert list(tmp_path.iterdir()) == []


class Pair(keras.Model):
    def call(self, inputs):
        return inputs, 2 * inputs


def subclassed_pair():
    generator = Pair()
    generator(tf.zeros([1, LATENT_DIM]))
    return generator


def two_outputs():
    z = keras.Input((LATENT_DIM,))
    return keras.Model(z, [keras.layers.Dense(2)(z), keras.layers.Dense(2)(z)])


@pytest.mark.parametrize("make", [two_outputs, subclassed_pair])
def test_generator_must_have_one_output(tmp_path, make):
    with pytest.raises(ValueError, match=r"one output.*Received: generator.output_sha"):
        export.save(make(), tmp_path / "export")
    assert list(tmp_path.iterdir()) == []


def test_metadata_must_not_contradict_what_is_measured(tmp_path):
    with pytest.raises(ValueError, match="latent_dim.*Received: metadata="):
        export.save(point_generator(), tmp_path / "e", metadata={"latent_dim": 7})


def test_keras_file_round_trip(tmp_path):
    generator = image_generator()
    export.save_keras(generator, tmp_path / "g.keras")
    assert zipfile.is_zipfile(tmp_path / "g.keras")
    loaded = keras.saving.load_model(tmp_path / "g.keras")
    z = tf.random.stateless_normal([2, LATENT_DIM], seed=[1, 2])
    np.testing.assert_allclose(loaded(z), generator(z), atol=1e-6)


def test_keras_file_must_be_named_so(tmp_path):
    with pytest.raises(ValueError, match=r"Received: path='.*/g\.h5'"):
        export.save_keras(point_generator(), tmp_path / "g.h5")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("count", [2**31, 10**12, 2**63 - 1])
def test_more_images_than_fit_in_memory_are_refused_before_they_are_drawn(count):
    match = rf"`num_images` must fit in memory.*Received: num_images={count}$"
    with pytest.raises(ValueError, match=match):
        export.samples(image_generator(), count)
    with pytest.raises(ValueError, match=match):
        export.Sampler(image_generator()).sample(count, seed=0)


def test_more_labels_than_fit_in_memory_are_refused(monkeypatch):
    monkeypatch.setattr(_limits, "memory", lambda: 4 * (LATENT_DIM + 2 * 4) * 100)
    sampler = export.Sampler(conditional_generator(), NUM_CLASSES)
    assert len(export.samples(sampler, [1] * 100)) == 100
    with pytest.raises(ValueError, match=r"`len\(labels\)` must fit in memory.*=101$"):
        export.samples(sampler, [1] * 101)


@pytest.mark.parametrize("what", [2**64, 10**40, [10**40], {}, None, "3", 1.5])
def test_numbers_that_are_not_integers_are_refused(what):
    for arguments in ((what, 0), (3, what)):
        with pytest.raises(ValueError, match=r"^`.* must .*Received: \w+"):
            export.samples(image_generator(), *arguments)


def test_metadata_must_be_json(tmp_path):
    for value in ({1, 2}, float, b"bytes"):
        with pytest.raises(ValueError, match="`metadata` must .*JSON.*Received: "):
            export.save(point_generator(), tmp_path / "e", metadata={"mine": value})
    assert list(tmp_path.iterdir()) == []
