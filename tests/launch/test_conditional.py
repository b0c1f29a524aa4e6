"""Class-conditional runs, as small as they can be."""

import json
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf

from launch import _build
from launch import _check
from launch import _workdir
from launch import export
from launch import sample
from launch import train
from launch.config import configuration
from tests.launch.programs import BASE
from tests.launch.programs import run
from tfgan_tricks import callbacks
from tfgan_tricks import data

# The smallest class-conditional run on the digits, as flags.
TINY = (
    "preset=digits8",
    "trainer=ls_gan",
    "set=penalty=none",
    "set=ema_decay=0.9",
    "set=network=dcgan",
    "set=width=2",
    "set=latent_dim=3",
    "set=conditional=true",
    "set=label_dim=5",
    "set=batch_size=8",
    "set=steps_per_execution=1",
    "checkpoint_every=2",
    "sample_every=3",
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Trains a tiny run for three steps; its folder must not be changed."""
    workdir = tmp_path_factory.mktemp("trained") / "run"
    assert run(train, f"workdir={workdir}", *TINY, "steps=3") == 0
    return workdir


def exported(workdir, labels, seed=0):
    signatures = tf.saved_model.load(str(workdir / "export")).signatures
    arguments = {"labels": tf.constant(labels, tf.int32), "seed": tf.constant(seed)}
    return signatures["sample"](**arguments)["images"].numpy()


def drawn(workdir, tmp_path, *flags):
    output = tmp_path / "grid.png"
    assert run(sample, f"workdir={workdir}", f"output={output}", *flags) == 0
    return tf.io.decode_png(output.read_bytes()).numpy()


def test_files_contain_the_number_of_classes(trained):
    config, record = _workdir.read_trained(trained)
    assert (config.conditional, config.network.label_dim) == (True, 5)
    assert record.data.example_shape == (8, 8, 1)
    assert record.generated_classes == 10
    metadata = json.loads((trained / "export" / "metadata.json").read_text())
    assert metadata["num_classes"] == 10


def test_each_label_is_drawn_in_a_row(trained, tmp_path):
    pixels = drawn(trained, tmp_path)
    last = tf.io.decode_png((trained / "samples" / "step-000003.png").read_bytes())
    np.testing.assert_array_equal(pixels, last)
    images = exported(trained, np.arange(100) % 10)
    in_rows = images.reshape(10, 10, 8, 8, 1).swapaxes(0, 1).reshape(images.shape)
    np.testing.assert_array_equal(pixels, callbacks.picture(in_rows))


@pytest.mark.parametrize("label", [0, 9])
def test_one_class_is_drawn_if_asked_for(trained, tmp_path, label):
    flags = (f"class={label}", "num_images=4", "seed=6")
    pixels = drawn(trained, tmp_path, *flags)
    images = exported(trained, [label] * 4, seed=6)
    np.testing.assert_array_equal(pixels, callbacks.picture(images))
    other = callbacks.picture(exported(trained, [5] * 4, seed=6))
    assert not np.array_equal(pixels, other)


def test_resumed_run_equals_the_uninterrupted_run(trained, tmp_path):
    workdir = tmp_path / "run"
    assert run(train, f"workdir={workdir}", *TINY, "steps=1") == 0
    assert run(train, f"workdir={workdir}", "resume", "steps=3") == 0
    assert _workdir.read_trained(workdir)[1].data.num_classes == 10
    images = (exported(folder, np.arange(10)) for folder in (workdir, trained))
    np.testing.assert_array_equal(*images)


def test_resume_cannot_change_whether_a_run_is_conditional(trained, tmp_path, capsys):
    shutil.copytree(trained, tmp_path / "run")
    flags = ("resume", "steps=4", "set=conditional=false", "set=label_dim=256")
    assert run(train, f"workdir={tmp_path}/run", *flags) == 2
    assert "conditional=False (it was True)" in capsys.readouterr().err


def test_export_to_keras_takes_labels(trained, tmp_path):
    file = tmp_path / "g.keras"
    arguments = (f"workdir={trained}", f"output={file}", "format=keras")
    assert run(export, *arguments) == 0
    labels = tf.constant([3, 0])
    z = tf.random.stateless_normal([2, 3], [0, 0], alg="philox")
    images = keras.saving.load_model(file)([z, labels])
    np.testing.assert_allclose(images, exported(trained, labels), atol=1e-6)


def test_labels_come_with_their_images(tmp_path):
    changes = {"conditional": True, "width": 2, "batch_size": 16, "steps": 1}
    config = configuration.changed(BASE, changes)
    made = _build.run(config, str(tmp_path / "run"))
    images, labels = next(iter(made.batches.between(0, 1)))
    assert made.record.generated_classes == 10 and labels.shape == (16,)
    digits = data.load("digits8")
    for image, label in zip(data.to_uint8(images), labels, strict=True):
        same = (digits.examples == image.numpy()).all(axis=(1, 2, 3))
        assert int(label) in digits.labels[same]


def test_options_reach_both_networks():
    config = configuration.changed(
        BASE, {"conditional": True, "label_dim": 7, "width": 2}
    )
    trainer = _build.trainer(config, (8, 8, 1), num_classes=11)
    for player in (trainer.generator, trainer.discriminator):
        assert player.get_layer("label").embeddings.shape == (11, 7)


BY_CLASS = configuration.changed(BASE, {"conditional": True})
IMAGES = np.zeros([3, 8, 8, 1], "uint8")


@pytest.mark.parametrize(
    ("config", "names", "expected"),
    [
        (BASE, (), None),
        (BY_CLASS, (), 5),
        (BY_CLASS, tuple("abcdefg"), 7),
    ],
)
def test_number_of_classes(config, names, expected):
    source = data.Source(IMAGES, np.array([0, 4, 2]), label_names=names)
    assert _check.num_classes(config, source) == expected


@pytest.mark.parametrize(
    ("labels", "names", "match"),
    [
        (None, (), "Received: conditional=True with dataset='digits8'"),
        ([0, -1, 2], (), "from 0 to 2. Received: labels from -1 to 2"),
        ([0, 1, 2], ("a", "b"), "from 0 to 1. Received: labels from 0 to 2"),
    ],
)
def test_wrong_labels(labels, names, match):
    labels = labels and np.array(labels)
    source = data.Source(IMAGES, labels, label_names=names)
    with pytest.raises(ValueError, match=match):
        _check.num_classes(BY_CLASS, source)
