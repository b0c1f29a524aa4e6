"""Devices that may be requested, and runs on two of them."""

import json
import os
import socket
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from launch import _build
from launch import _plan
from launch import _workdir
from launch import sample
from launch import train
from launch.run import _devices
from launch.run import _workers
from launch.run._folder import Folder
from tests.launch.programs import ROOT
from tests.launch.programs import TINY
from tests.launch.programs import run
from tests.launch.test_own_networks import assert_close
from tests.launch.test_own_networks import made

WORKERS = {"worker": ["one:2222", "two:2222"]}


def place(cluster=WORKERS, **task):
    task = {"type": "worker", "index": 0} | task
    return json.dumps({"cluster": cluster, "task": task})


BAD_PLACES = {
    "missing": None,
    "no JSON": "{",
    "no cluster": "{}",
    "a list": "[]",
    "no workers": place({"ps": ["one:2222"]}),
    "a chief too": place(WORKERS | {"chief": ["three:2222"]}),
    "another task": place(type="evaluator"),
    "an index too high": place(index=2),
    "an index below zero": place(index=-1),
    "an index that is a text": place(index="0"),
}


@pytest.mark.parametrize("text", BAD_PLACES.values(), ids=BAD_PLACES)
def test_workers_need_to_know_their_place(text, monkeypatch, tmp_path, capsys):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    if text is not None:
        monkeypatch.setenv("TF_CONFIG", text)
    assert run(train, "strategy=multi_worker", f"workdir={tmp_path / 'new'}") == 2
    error = capsys.readouterr().err
    assert "`TF_CONFIG` must" in error and error.count("\n") == 1
    assert not (tmp_path / "new").exists()


BAD_FLAGS = {
    "an unknown strategy": (["strategy=mirored"], "did you mean 'mirrored'"),
    "no replica": (["strategy=mirrored", "num_virtual_devices=0"], "Received"),
    "parts without a strategy": (["num_virtual_devices=2"], "--strategy=mirrored"),
    "workers without a folder": (["strategy=multi_worker"], "`workdir` must"),
}


@pytest.mark.parametrize(("flags", "why"), BAD_FLAGS.values(), ids=BAD_FLAGS)
def test_bad_flags_are_one_line(flags, why, capsys):
    assert run(train, *flags) == 2
    error = capsys.readouterr().err
    assert why.lower() in error.lower() and error.count("\n") == 1


def flags(**given):
    return type("Flags", (), {"strategy": "none", "num_virtual_devices": None, **given})


def test_only_the_first_worker_writes(monkeypatch):
    monkeypatch.setenv("TF_CONFIG", place(index=1))
    second = _plan.devices_of(flags(strategy="multi_worker", workdir="x"))
    assert second == ("multi_worker", None, 1) and not second.is_chief
    monkeypatch.setenv("TF_CONFIG", place())
    first = _plan.devices_of(flags(strategy="multi_worker", workdir="x"))
    assert first == ("multi_worker", None, 0) and first.is_chief


def test_tf_config_is_for_several_workers_only(monkeypatch):
    monkeypatch.setenv("TF_CONFIG", "{")
    assert _plan.devices_of(flags()) == _devices.ONE


def test_a_batch_is_shared_out_evenly():
    workers = _workers.Workers(tf.distribute.get_strategy())
    workers.num_replicas = 64
    workers.check(64, rollbacks=0)
    workers.num_replicas = 3
    with pytest.raises(ValueError, match=r"`batch_size`.*3 replicas.*Received: .*=64"):
        workers.check(64, rollbacks=0)
    workers.check(60, rollbacks=0, packing=4)
    with pytest.raises(ValueError, match=r"multiple of 12, .* `packing`. Rec.*=63"):
        workers.check(63, rollbacks=0, packing=4)


def final_weights(workdir):
    """Returns the weights of the networks of a run.

    Keras 2 counts the trackers of losses as weights of a model.
    """
    config, record = _workdir.read_trained(str(workdir))
    run = _build.restored(config, record, str(workdir))
    run.sample(1)
    trainer = run.trainer
    networks = [trainer.generator, trainer.discriminator, trainer.ema_generator]
    return [weight.numpy() for network in networks for weight in network.weights]


def test_mirrored_run_equals_a_run_on_one_device(tmp_path):
    """The run is resumed on one device, in the middle of an epoch."""
    options = (*TINY, "sample_every=4", "set=generator_learning_rate=1e-3")
    alone, both = tmp_path / "alone", tmp_path / "both"
    assert run(train, *options, "steps=8", f"workdir={alone}") == 0
    command = [sys.executable, "-m", "launch.train", "--strategy=mirrored"]
    command += ["--num_virtual_devices=2", f"--workdir={both}", "--steps=6"]
    subprocess.run(
        [*command, *(f"--{option}" for option in options)], cwd=ROOT, check=True
    )
    assert Folder(both).last_step() == 6
    assert run(train, "steps=8", "resume", f"workdir={both}") == 0
    assert run(sample, f"workdir={both}", f"output={tmp_path / 'grid.png'}") == 0
    for one, two in zip(final_weights(alone), final_weights(both), strict=True):
        np.testing.assert_allclose(two, one, rtol=1e-4, atol=1e-5)


REPLICAS = """
import sys
from launch.run import _devices
from launch.run import _workers
strategy = _workers.strategy(_devices.Devices("mirrored", 2))
from tests.launch.test_own_networks import gan, made
with strategy.scope():
    trainer = gan()
made(sys.argv[1], trainer, batch_size=6, steps=3).train()
"""


def test_runs_of_own_networks_are_the_same_on_two_replicas(tmp_path):
    """The run is resumed on one."""
    command = [sys.executable, "-c", REPLICAS, str(tmp_path / "both")]
    subprocess.run(command, cwd=ROOT, check=True)
    assert Folder(tmp_path / "both").last_step() == 3
    runs = [made(tmp_path / name, batch_size=6, steps=4) for name in ("alone", "both")]
    for each in runs:
        each.train()
    assert_close([each.trainer.generator for each in runs])
    assert_close([each.trainer.discriminator for each in runs])


def test_a_batch_that_replicas_cannot_share_is_refused(tmp_path):
    script = REPLICAS.replace("batch_size=6", "batch_size=5")
    command = [sys.executable, "-c", script, str(tmp_path / "run")]
    done = subprocess.run(command, cwd=ROOT, text=True, capture_output=True)
    assert "`batch_size` must be a multiple of the 2 replicas" in done.stderr
    assert not (tmp_path / "run").exists()


def free_port():
    with socket.socket() as server:
        server.bind(("localhost", 0))
        return server.getsockname()[1]


@pytest.mark.parametrize("strategy", ["mirrored", "multi_worker"])
def test_one_device_with_a_strategy_equals_no_strategy(tmp_path, strategy):
    """On a machine with at most one GPU; a step takes several batches."""
    options = (*TINY, "sample_every=4", "steps=8")
    alone, one = tmp_path / "alone", tmp_path / "one"
    assert run(train, *options, f"workdir={alone}") == 0
    command = [sys.executable, "-m", "launch.train", f"--strategy={strategy}"]
    command += [f"--workdir={one}", *(f"--{option}" for option in options)]
    cluster = {"worker": [f"localhost:{free_port()}"]}
    environment = os.environ | {"TF_CONFIG": place(cluster)}
    subprocess.run(command, cwd=ROOT, check=True, env=environment)
    for a, b in zip(final_weights(alone), final_weights(one), strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-5, atol=1e-7)
