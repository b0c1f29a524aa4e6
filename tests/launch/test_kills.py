"""Runs that are ended from outside, at any moment."""

import random
import signal
import time

import numpy as np
import pytest

from launch import _workdir
from launch import sample
from launch import train
from launch.run._folder import Folder
from tests.launch.programs import TINY
from tests.launch.programs import files
from tests.launch.programs import run
from tests.launch.server import Server
from tests.launch.server import wait_for
from tests.launch.test_run import assert_same_run
from tests.launch.test_run import exported
from tests.launch.test_run import metrics
from tfgan_tricks import callbacks

STEPS = 120
# Most of the time goes into writing: a checkpoint after every step.
BUSY = (*TINY, "checkpoint_every=1", "sample_every=7", f"steps={STEPS}")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("server"))
    yield server
    server.close()


@pytest.fixture(scope="module")
def uninterrupted(server, tmp_path_factory):
    workdir = tmp_path_factory.mktemp("uninterrupted") / "run"
    assert server.run(f"workdir={workdir}", *BUSY) == 0
    return workdir


def start_or_resume(server, workdir):
    resume = ("resume",) if (workdir / "config.json").exists() else BUSY
    server.start(f"workdir={workdir}", *resume)


def wait_for_a_moment(rng, workdir, before):
    """Waits for a moment at the start or in the next steps, often in a write."""
    kind = rng.choice(["any time", "after a step", "in a write", "in a write"])
    steps = before + rng.randrange(1, 3)
    seconds = rng.uniform(0.0, 3.0) if kind == "any time" else 120.0
    wait_for(lambda: Folder(workdir).last_step() >= steps, seconds)
    if kind == "after a step":
        time.sleep(rng.uniform(0.0, 0.05))
    if kind == "in a write":
        wait_for((workdir / "checkpoints" / ".part").exists, seconds=1)
        time.sleep(rng.uniform(0.0, 0.01))


# A kill between the moves of its two files costs that checkpoint, with a warning.
@pytest.mark.filterwarnings("ignore:`directory` contains damaged checkpoints")
def test_twenty_kills_lose_nothing_but_the_work_since_a_checkpoint(
    server, uninterrupted, tmp_path
):
    workdir, rng, half_written = tmp_path / "run", random.Random(7), 0
    for _ in range(20):
        before = Folder(workdir).last_step()
        start_or_resume(server, workdir)
        wait_for_a_moment(rng, workdir, before)
        reached = Folder(workdir).last_step()
        server.send(signal.SIGKILL)
        assert server.end() == -signal.SIGKILL
        half_written += (workdir / "checkpoints" / ".part").exists()
        if reached:
            assert callbacks.newest(workdir / "checkpoints") >= reached
            _workdir.read_config(workdir)
    assert half_written > 2, half_written
    start_or_resume(server, workdir)
    assert server.end() == 0, server.errors()
    assert_same_run(workdir, uninterrupted)
    np.testing.assert_array_equal(exported(workdir), exported(uninterrupted))
    assert [line["step"] for line in metrics(workdir)] == list(range(1, STEPS + 1))


def test_sigterm_in_an_epoch_saves_the_step_and_says_how_to_resume(
    server, uninterrupted, tmp_path
):
    workdir = tmp_path / "run"
    rarely = [flag for flag in BUSY if "_every" not in flag]
    server.start(f"workdir={workdir}", *rarely)
    assert wait_for((workdir / "metrics.jsonl").exists)
    server.send(signal.SIGTERM)
    assert server.end() == 143
    step = Folder(workdir).last_step()
    assert 0 < step < STEPS
    (line,) = server.errors()
    assert f"Terminated at step {step}; --workdir={workdir} --resume continues" in line
    assert not (workdir / "export").exists()
    assert server.run(f"workdir={workdir}", "resume") == 0
    assert_same_run(workdir, uninterrupted)


def test_sigterm_while_starting_leaves_nothing(server, tmp_path):
    workdir = tmp_path / "run"
    server.start(f"workdir={workdir}", *BUSY)
    assert wait_for(workdir.exists)
    server.send(signal.SIGTERM)
    assert server.end() == 143
    assert server.errors() == ["tfgan-train: error: Terminated."]
    assert files(tmp_path) == {}


def test_only_one_run_at_a_time_in_a_workdir(server, uninterrupted, tmp_path):
    """But its samples can be drawn."""
    workdir = tmp_path / "run"
    server.start(f"workdir={workdir}", *BUSY)
    assert wait_for(lambda: Folder(workdir).last_step() > 1)
    assert run(train, f"workdir={workdir}", "resume", "steps=999") == 2
    output = tmp_path / "grid.png"
    assert run(sample, f"workdir={workdir}", f"output={output}") == 0
    assert output.exists()
    assert server.end() == 0
    assert_same_run(workdir, uninterrupted)
