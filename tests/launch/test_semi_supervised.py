"""The trainers that match features, run by the programs."""

import re

import numpy as np
import pytest
import tensorflow as tf

from launch import _build
from launch import export
from launch import sample
from launch import train
from launch.config import configuration
from tests.launch.programs import BASE
from tests.launch.programs import files
from tests.launch.programs import run
from tests.launch.test_run import assert_same_run
from tests.launch.test_run import metrics
from tests.launch.test_run import tiny

CLASSIFYING = (
    "preset=digits8",
    "trainer=semi_supervised_gan",
    "set=network=weight_norm",
    "set=labels_per_class=2",
    "set=latent_dim=3",
    "set=batch_size=16",
    "set=log_every=1",
    "checkpoint_every=2",
    "sample_every=3",
)


def classifying(workdir, *arguments, steps=4):
    return run(train, f"workdir={workdir}", f"steps={steps}", *CLASSIFYING, *arguments)


def test_semi_supervised_learning_trains_resumes_samples_and_exports(tmp_path, capfd):
    assert classifying(tmp_path / "a") == 0
    assert "val_error" in capfd.readouterr().out
    assert classifying(tmp_path / "b", steps=2) == 0
    assert classifying(tmp_path / "b", "resume") == 0
    assert_same_run(tmp_path / "a", tmp_path / "b")
    assert metrics(tmp_path / "b")[-1]["supervised_loss"] > 0.0
    here = f"workdir={tmp_path / 'b'}"
    assert run(sample, here, f"output={tmp_path / 'grid.png'}") == 0
    assert run(sample, here, "class=1", f"output={tmp_path / 'one.png'}") == 2
    assert run(export, here, f"output={tmp_path / 'again'}") == 0
    draw = tf.saved_model.load(str(tmp_path / "again")).signatures["sample"]
    images = draw(num_images=tf.constant(3), seed=tf.constant(0))["images"]
    assert images.shape == (3, 8, 8, 1)


def test_convolutions_start_from_data_and_the_generators_from_latents():
    changes = {"dataset": "npz:a.npz", "trainer": "semi_supervised_gan", "width": 2}
    changes |= {"network": "conv_weight_norm", "latent_dim": 7, "batch_size": 30}
    config = configuration.changed(BASE, changes)
    shape = (32, 32, 1)
    images = np.random.default_rng(1).integers(0, 256, (40, *shape), "uint8")
    model = _build.trainer(config, shape, num_classes=3, examples=images)
    pixels = model.generator(tf.random.normal([30, 7], seed=2), training=True)
    outputs = np.arctanh(pixels)
    assert abs(outputs.mean()) < 0.05
    assert outputs.std() == pytest.approx(0.1, rel=0.2)
    plain = _build.trainer(config, shape, num_classes=3)
    logits = [each.discriminator.get_layer("logits") for each in (plain, model)]
    scales = [layer.scale.numpy() for layer in logits]
    assert np.all(scales[0] == 1.0)
    assert np.all(scales[1] != 1.0)


@pytest.mark.parametrize("distance", ["l1", "l2"])
def test_feature_matching_trains(tmp_path, distance):
    options = ("trainer=feature_matching_gan", f"set=distance={distance}")
    assert tiny(tmp_path / "run", *options, "loss=hinge", steps=2) == 0
    assert metrics(tmp_path / "run")[-1]["g_loss"] > 0.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("set=network=mlp",), "`network` must be weight_norm"),
        (("set=labels_per_class=500",), "labels_per_class"),
        (("set=features=feature",), "Did you mean 'features'"),
        (("set=distance=l3",), "`distance` must be one of"),
        (("dataset=ring8",), "`network` must be mlp for points"),
        (("trainer=ls_gan",), "Received: labels_per_class='2' with trainer='ls_gan'"),
    ],
)
def test_bad_arguments(tmp_path, capsys, arguments, message):
    given = [argument.rpartition("=")[0] for argument in arguments]
    flags = [flag for flag in CLASSIFYING if flag.rpartition("=")[0] not in given]
    workdir = tmp_path / "run"
    assert run(train, f"workdir={workdir}", "steps=2", *flags, *arguments) == 2
    error = capsys.readouterr().err
    assert len(error.splitlines()) == 1
    assert re.search(message, error)
    assert not workdir.exists() or not files(workdir)
