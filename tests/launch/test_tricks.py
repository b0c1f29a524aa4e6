"""Tricks of Salimans et al. (2016) from the command line to the samples."""

import numpy as np
import tensorflow as tf

from launch import sample
from launch import train
from tests.launch import test_run
from tests.launch.programs import TINY
from tests.launch.programs import run
from tests.launch.test_run import assert_resumes
from tests.launch.test_run import assert_same_run
from tests.launch.test_run import exported
from tests.launch.test_run import metrics
from tests.launch.test_run import weights
from tests.test_export import sampled_elsewhere
from tfgan_tricks import callbacks


def test_historical_averages_resume_and_are_in_the_metrics(tmp_path):
    options = ("set=generator_history=0.1", "set=discriminator_history=0.2")
    assert_resumes(tmp_path, *options)
    assert sum("/history/mean_" in name for name in weights(tmp_path / "a")) > 4
    last = metrics(tmp_path / "b")[-1]
    assert last["g_history"] > 0.0 and last["d_history"] > 0.0


def test_a_joint_batch_of_packs_and_smoothing_train_and_resume(tmp_path, monkeypatch):
    of_any_network = tuple(flag for flag in TINY if "hidden_layers" not in flag)
    monkeypatch.setattr(test_run, "TINY", of_any_network)
    options = ("set=joint_batch=true", "set=real_label=0.9", "set=network=dcgan")
    options += ("set=packing=2", "set=minibatch_discrimination=true")
    assert_resumes(tmp_path, *options)


# The smallest run of the preset with virtual batch normalization.
VIRTUAL = (
    "preset=digits_vbn",
    *(f"set={key}" for key in ("width=2", "latent_dim=3", "batch_size=8")),
    *(f"set={key}" for key in ("steps_per_execution=1", "log_every=1")),
)


def virtual(workdir, *arguments):
    return run(train, f"workdir={workdir}", *VIRTUAL, *arguments)


def test_virtual_batch_normalization_from_training_to_samples(tmp_path):
    whole, resumed = tmp_path / "whole", tmp_path / "resumed"
    assert virtual(whole, "steps=3") == 0
    assert virtual(resumed, "steps=1") == 0
    assert run(train, f"workdir={resumed}", "resume", "steps=3") == 0
    assert_same_run(whole, resumed)
    assert any("reference" in name for name in weights(whole))
    np.testing.assert_array_equal(exported(whole), exported(resumed))
    there = sampled_elsewhere(whole / "export", num_images=5, seed=3)
    model = tf.saved_model.load(str(whole / "export"))
    here = model.sample(tf.constant(5), tf.constant(3))["images"]
    np.testing.assert_allclose(there, np.ravel(here), atol=1e-6)
    output = tmp_path / "grid.png"
    assert run(sample, f"workdir={whole}", f"output={output}") == 0
    pixels = tf.io.decode_png(output.read_bytes())
    np.testing.assert_array_equal(pixels, callbacks.picture(exported(whole)))


def test_an_exported_sample_does_not_depend_on_the_rest_of_its_batch(tmp_path):
    """The statistics come from the reference batch: the point of the trick."""
    assert virtual(tmp_path / "run", "steps=1") == 0
    model = tf.saved_model.load(str(tmp_path / "run" / "export"))
    latents = tf.random.stateless_normal([6, 3], seed=[1, 2])
    together = model.generate(latents)["images"]
    alone = model.generate(latents[:1])["images"]
    np.testing.assert_allclose(alone, together[:1], atol=1e-5)
