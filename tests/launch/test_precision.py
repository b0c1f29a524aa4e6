"""Runs in half precision, and with optimizers of Addons, from flags to exports."""

import json
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf

from launch import export
from launch import sample
from launch import train
from tests import addons
from tests.launch.programs import run
from tests.launch.test_run import metrics
from tests.launch.test_run import tiny
from tfgan_tricks import _compat


@pytest.fixture(scope="module", params=["mixed_float16", "mixed_bfloat16"])
def trained(request, tmp_path_factory):
    """Trains a tiny run; returns its precision and its folder."""
    workdir = tmp_path_factory.mktemp("trained") / "run"
    assert tiny(workdir, f"set=precision={request.param}") == 0
    return request.param, workdir


def test_precision_is_in_the_configuration_and_skipped_updates_in_the_metrics(trained):
    precision, workdir = trained
    config = json.loads((workdir / "config.json").read_text())
    assert config["precision"] == precision
    names = {"g_skipped", "d_skipped"} if precision == "mixed_float16" else set()
    expected = {"step", "seconds", "d_loss", "g_loss"} | names
    assert all(set(line) == expected for line in metrics(workdir))
    assert all(line[name] >= 0 for line in metrics(workdir) for name in names)


def test_samples_and_exports_are_float32(trained, tmp_path):
    precision, workdir = trained
    assert run(sample, f"workdir={workdir}", f"output={tmp_path}/grid.png") == 0
    assert (tmp_path / "grid.png").stat().st_size > 100
    z = tf.random.stateless_normal([5, 3], [1, 2])
    exported = tf.saved_model.load(str(workdir / "export"))
    images = exported.signatures["serving_default"](z=z)["images"]
    output = ["format=keras", f"output={tmp_path}/generator.keras"]
    assert run(export, f"workdir={workdir}", *output) == 0
    generator = keras.models.load_model(tmp_path / "generator.keras")
    again = generator(z)
    assert images.dtype == again.dtype == tf.float32
    assert generator.layers[0].compute_dtype == precision.removeprefix("mixed_")
    np.testing.assert_allclose(images, again, atol=1e-2)


def test_a_run_in_half_precision_is_resumed(trained, tmp_path):
    _, workdir = trained
    shutil.copytree(workdir, tmp_path / "run")
    resumed = (f"workdir={tmp_path}/run", "resume")
    assert run(train, *resumed, "steps=5") == 0
    assert [line["step"] for line in metrics(tmp_path / "run")] == [1, 2, 3, 4, 5]
    assert run(train, *resumed, "steps=6", "set=precision=float32") == 2


@addons.skip_if_missing
def test_an_optimizer_of_addons_trains_and_resumes(tmp_path):
    flag = "optimizer=addons:Lookahead"
    for name, steps in (("whole", [4]), ("parts", [2, 4])):
        for index, stop in enumerate(steps):
            resume = ["resume"] if index else []
            assert tiny(tmp_path / name, flag, *resume, steps=stop) == 0
    whole, parts = (
        tf.train.load_checkpoint(str(tmp_path / name / "checkpoints"))
        for name in ("whole", "parts")
    )
    slots = [x for x in whole.get_variable_to_shape_map() if "OPTIMIZER_SLOT" in x]
    assert len(slots) > 20
    for name in slots:
        np.testing.assert_array_equal(whole.get_tensor(name), parts.get_tensor(name))


@pytest.mark.skipif(not _compat.KERAS_3, reason="this stack can import Addons")
def test_without_addons_the_flag_is_one_line_that_says_what_to_use(tmp_path, capsys):
    assert tiny(tmp_path / "run", "optimizer=addons:LAMB") == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "end-of-life" in error
    assert "keras.optimizers.Lamb" in error and "='addons:LAMB'" in error
    assert list(tmp_path.iterdir()) == []
