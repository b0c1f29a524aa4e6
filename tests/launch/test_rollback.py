"""Divergence, and rollbacks to the newest checkpoint."""

import json

import numpy as np
import pytest
import tensorflow as tf

from launch import train
from launch.run import _training
from launch.run._folder import Folder
from tests.launch.programs import TINY
from tests.launch.programs import run
from tests.launch.test_run import assert_same_run
from tests.launch.test_run import metrics
from tests.launch.test_run import weights

NAN, HUGE = float("nan"), 1e30
RATES = ("set=generator_learning_rate=0.004", "set=discriminator_learning_rate=0.002")
FLAGS = (*TINY, *RATES, "sample_every=4", "checkpoint_every=2")


def trained(workdir, *flags):
    return run(train, f"workdir={workdir}", *FLAGS, *flags)


def poison(monkeypatch, value, step, rollbacks=99):
    """Fills the batch of a step with a value, until so many rollbacks."""
    train, count = _training.train, [0]

    def poisoned(trainer, batches, *args):
        spoilt, per_step = count[0] < rollbacks, trainer.batches_per_step
        count[0] += 1

        def between(start, stop):
            def spoil(index, batch):
                is_it = (start + index) // per_step + 1 == step
                return tf.where(spoilt & is_it, value, batch)

            return batches.between(start, stop).enumerate().map(spoil)

        train(trainer, batches._replace(between=between), *args)

    monkeypatch.setattr(_training, "train", poisoned)


def rates(workdir):
    kept = weights(workdir)
    return {
        player: float(kept[name])
        for name in kept
        for player in ("generator", "discriminator")
        if f"{player}_player/optimizer/_learning_rate" in name
    }


def rollbacks(workdir):
    return [line for line in metrics(workdir) if "rolled_back_to" in line]


@pytest.mark.parametrize("value", [NAN, HUGE])
def test_a_batch_that_stays_poisoned_ends_the_run_after_all_rollbacks(
    tmp_path, monkeypatch, capsys, value
):
    poison(monkeypatch, value, step=4)
    assert trained(tmp_path / "run", "steps=7", "rollbacks=2") == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "Training has diverged at step 4: every" in line
    first, second = rollbacks(tmp_path / "run")
    for entry, factor in ((first, 0.5), (second, 0.25)):
        assert (entry["step"], entry["rolled_back_to"]) == (4, 2)
        assert "has diverged at step 4" in entry["reason"]
        assert entry["generator_learning_rate"] == 0.004 * factor
        assert entry["discriminator_learning_rate"] == 0.002 * factor
    assert Folder(tmp_path / "run").last_step() == 2
    assert not (tmp_path / "run" / "export").exists()


@pytest.mark.parametrize("value", [NAN, HUGE])
def test_training_continues_from_the_last_good_checkpoint_at_half_the_rates(
    tmp_path, monkeypatch, value
):
    workdir = tmp_path / "run"
    with monkeypatch.context() as patch:
        poison(patch, value, step=6, rollbacks=1)
        assert trained(workdir, "steps=7", "rollbacks=3") == 0
    steps = [x["step"] for x in metrics(workdir) if "rolled_back_to" not in x]
    assert steps == [1, 2, 3, 4, 5, 6, 7]
    (entry,) = rollbacks(workdir)
    assert (entry["step"], entry["rolled_back_to"]) == (6, 4)
    assert rates(workdir) == pytest.approx({"generator": 2e-3, "discriminator": 1e-3})
    by_hand = tmp_path / "by_hand"
    assert trained(by_hand, "steps=4") == 0
    (by_hand / "metrics.jsonl").write_text('{"rolled_back_to": 4}\n')
    assert run(train, f"workdir={by_hand}", "resume", "steps=7") == 0
    assert_same_run(workdir, by_hand)


def test_before_the_first_checkpoint_it_goes_back_to_the_beginning(
    tmp_path, monkeypatch
):
    poison(monkeypatch, NAN, step=1, rollbacks=1)
    assert trained(tmp_path / "run", "steps=2", "rollbacks=1") == 0
    (entry,) = rollbacks(tmp_path / "run")
    assert (entry["step"], entry["rolled_back_to"]) == (1, 0)
    monkeypatch.undo()
    lower = ("set=generator_learning_rate=0.002",)
    lower += ("set=discriminator_learning_rate=0.001",)
    flags = [flag for flag in FLAGS if flag not in RATES]
    assert run(train, f"workdir={tmp_path}/low", *flags, *lower, "steps=2") == 0
    assert_same_run(tmp_path / "run", tmp_path / "low")


def test_rollbacks_count_and_last_across_a_resume(tmp_path, monkeypatch, capsys):
    workdir = tmp_path / "run"
    poison(monkeypatch, NAN, step=4)
    assert trained(workdir, "steps=7", "rollbacks=1") == 1
    assert run(train, f"workdir={workdir}", "resume") == 1
    assert len(rollbacks(workdir)) == 1
    assert run(train, f"workdir={workdir}", "resume", "rollbacks=2") == 1
    assert [x["generator_learning_rate"] for x in rollbacks(workdir)] == [2e-3, 1e-3]
    monkeypatch.undo()
    assert run(train, f"workdir={workdir}", "resume") == 0
    assert rates(workdir) == pytest.approx({"generator": 1e-3, "discriminator": 5e-4})
    assert capsys.readouterr().err.count("diverged at step 4") == 3


def test_none_unless_asked(tmp_path, monkeypatch):
    poison(monkeypatch, NAN, step=3)
    assert trained(tmp_path / "run", "steps=5") == 1
    assert rollbacks(tmp_path / "run") == []
    assert [line["step"] for line in metrics(tmp_path / "run")] == [1, 2]


def test_losses_that_stay_finite_do_not_hide_the_wreck(tmp_path, monkeypatch, capsys):
    """A huge batch leaves finite weights and losses, and slots of Adam that are not."""
    poison(monkeypatch, HUGE, step=3)
    assert trained(tmp_path / "run", "steps=9", "checkpoint_every=1") == 1
    lines = metrics(tmp_path / "run")
    assert [line["step"] for line in lines] == [1, 2, 3]
    assert all(np.isfinite(line["d_loss"]) for line in lines)
    assert "every weight must be finite" in capsys.readouterr().err
    assert Folder(tmp_path / "run").last_step() == 2


def test_not_with_several_workers(tmp_path, monkeypatch, capsys):
    task = {"type": "worker", "index": 0}
    place = {"cluster": {"worker": ["a:1", "b:1"]}, "task": task}
    monkeypatch.setenv("TF_CONFIG", json.dumps(place))
    assert trained(tmp_path / "run", "rollbacks=1", "strategy=multi_worker") == 2
    assert "Received: rollbacks=1" in capsys.readouterr().err
