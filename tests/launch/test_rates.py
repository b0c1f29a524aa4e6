"""Decaying learning rates, which follow the closed form at every step of any run."""

import functools
import math
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from launch import _build
from launch import _rates
from launch import train
from launch.config import configuration
from tests.launch import test_rollback
from tests.launch.programs import BASE
from tests.launch.programs import ROOT
from tests.launch.programs import TINY
from tests.launch.programs import run
from tests.launch.test_devices import final_weights
from tests.launch.test_run import assert_same_run
from tests.launch.test_run import metrics
from tests.launch.test_run import weights
from tfgan_tricks import _addons

START, END, FINAL = 2, 7, 0.25
LINEAR = ("set=learning_rate_schedule=linear",)
DECAY = (
    f"set=learning_rate_decay_start={START}",
    f"set=learning_rate_decay_end={END}",
    f"set=learning_rate_final={FINAL}",
)
RATES = {"generator": 0.004, "discriminator": 0.002}
GIVEN = tuple(f"set={player}_learning_rate={rate}" for player, rate in RATES.items())


def fraction(kind, step, start=START, end=END, final=FINAL):
    if step <= start:
        return 1.0
    if step >= end:
        return final
    passed = (step - start) / (end - start)
    if kind == "linear":
        return 1.0 + passed * (final - 1.0)
    return final + (1.0 - final) * math.cos(passed * math.pi / 2) ** 2


@pytest.mark.parametrize("kind", ["linear", "cosine"])
def test_closed_form(kind):
    decay = _rates.Decay(kind, 0.5, START, END, FINAL)
    for step in range(12):
        expected = 0.5 * fraction(kind, step)
        assert float(decay(step)) == pytest.approx(expected, rel=1e-6)
    assert float(decay(END)) == 0.5 * FINAL


def test_a_schedule_survives_its_configuration():
    decay = _rates.Decay("cosine", 0.5, START, END, FINAL, tf.Variable(4))
    schedules = keras.optimizers.schedules
    again = schedules.deserialize(schedules.serialize(decay))
    assert isinstance(again, _rates.Decay)
    assert float(again(4)) == float(decay(99))


def config_of(kind, **changes):
    tiny = {"network": "mlp", "width": 4, "hidden_layers": 1, "latent_dim": 3}
    decay = {
        "learning_rate_decay_start": START,
        "learning_rate_decay_end": END,
        "learning_rate_final": FINAL,
    }
    rates = {f"{player}_learning_rate": rate for player, rate in RATES.items()}
    given = {**tiny, **rates, "trainer": "non_saturating_gan", "batch_size": 4}
    if kind != "constant":
        given |= {"learning_rate_schedule": kind, **decay}
    return configuration.changed(BASE, given | changes)


def batches(trainer, steps):
    count = steps * trainer.batches_per_step * 4
    examples = np.random.default_rng(2).uniform(-1, 1, [count, 8, 8, 1])
    return tf.data.Dataset.from_tensor_slices(examples.astype("float32")).batch(4)


@functools.cache
def trained_by_hand(kind, steps, **changes):
    """Trains with constant rates, set by hand before every step."""
    trainer = _build.trainer(config_of("constant", **changes), (8, 8, 1))
    batch = batches(trainer, steps).batch(trainer.batches_per_step).unbatch()
    chunks = list(batch.batch(trainer.batches_per_step, drop_remainder=True))
    for step, chunk in enumerate(chunks):
        for player, rate in RATES.items():
            optimizer = getattr(trainer, f"{player}_optimizer")
            optimizer.learning_rate = np.float32(rate * fraction(kind, step))
        trainer.fit(tf.data.Dataset.from_tensor_slices(chunk), verbose=0)
    return trainer


@pytest.mark.parametrize("steps_per_execution", [1, 3])
@pytest.mark.parametrize("discriminator_steps", [1, 3])
@pytest.mark.parametrize("kind", ["linear", "cosine"])
def test_a_run_follows_the_closed_form_at_every_step(
    kind, discriminator_steps, steps_per_execution
):
    """Adam's updates are proportional to its rate: one wrong rate moves all weights."""
    changes = {"discriminator_steps": discriminator_steps}
    trainer = _build.trainer(
        config_of(kind, steps_per_execution=steps_per_execution, **changes), (8, 8, 1)
    )
    trainer.fit(batches(trainer, 9), verbose=0)
    by_hand = trained_by_hand(kind, 9, **changes)
    for player in RATES:
        one = getattr(trainer, player).get_weights()
        other = getattr(by_hand, player).get_weights()
        for a, b in zip(one, other, strict=True):
            np.testing.assert_allclose(a, b, rtol=2e-5, atol=1e-6)
    start = _build.trainer(config_of("constant"), (8, 8, 1))
    moved = start.generator.get_weights()[0] - trainer.generator.get_weights()[0]
    assert np.abs(moved).max() > 0.01


def resumed(tmp_path, *flags):
    workdir = tmp_path / "resumed"
    flags = (*TINY, *GIVEN, *flags)
    assert run(train, f"workdir={workdir}", *flags, "steps=4", *DECAY) == 0
    assert run(train, f"workdir={workdir}", "resume", "steps=9") == 0
    return workdir


@pytest.mark.parametrize(
    ("kind", "discriminator_steps"), [("linear", 1), ("cosine", 2)]
)
def test_resumed_run_equals_the_uninterrupted_run(tmp_path, kind, discriminator_steps):
    flags = (
        f"set=learning_rate_schedule={kind}",
        f"set=discriminator_steps={discriminator_steps}",
    )
    whole = (*TINY, *GIVEN, *flags, *DECAY, "steps=9")
    assert run(train, f"workdir={tmp_path}/whole", *whole) == 0
    assert_same_run(tmp_path / "whole", resumed(tmp_path, *flags))


def test_the_decay_keeps_its_end_when_the_steps_change():
    changes = {"learning_rate_schedule": "linear", "steps": 50}
    config = configuration.changed(BASE, changes)
    assert config.schedule.options() == {"start": 0, "end": 50, "final": 0.0}
    config = configuration.changed(config, {"learning_rate_final": 0.1})
    assert configuration.changed(config, {"steps": 80}).schedule.end == 50
    back = configuration.changed(config, {"learning_rate_schedule": "constant"})
    assert back == configuration.changed(BASE, {"steps": 50})


def test_a_run_whose_rates_are_zero_is_not_resumed(tmp_path, capsys):
    flags = (f"workdir={tmp_path}/run", *TINY, *LINEAR, "steps=2")
    assert run(train, *flags) == 0
    assert run(train, f"workdir={tmp_path}/run", "resume", "steps=3") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "Received: steps=3 with learning_rate_decay_end=2" in line


BAD = [
    ({"learning_rate_schedule": "linaer"}, "Did you mean 'linear'"),
    ({"learning_rate_final": 0.5}, "linear or cosine. Received: learning_rate_f"),
    ({"learning_rate_decay_end": 5}, "Received: learning_rate_decay_end=5 with lear"),
    ({"learning_rate_decay_start": 0}, "Received: learning_rate_decay_start=0 with"),
]
BAD_DECAYS = [
    ({"learning_rate_final": 1.5}, "at most 1.0. Received: learning_rate_final=1.5"),
    ({"learning_rate_final": -0.1}, "Received: learning_rate_final=-0.1"),
    ({"learning_rate_final": float("nan")}, "Received: learning_rate_final=nan"),
    ({"learning_rate_decay_start": -1}, "Received: learning_rate_decay_start=-1"),
    ({"learning_rate_decay_end": 0}, "Received: learning_rate_decay_end=0"),
    ({"learning_rate_decay_start": 3000}, "=3000 with learning_rate_decay_end=3000"),
    ({"learning_rate_decay_end": 9}, "Received: steps=3000 with learning_rate_decay_"),
]


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        *BAD,
        *(({"learning_rate_schedule": "cosine"} | c, match) for c, match in BAD_DECAYS),
    ],
)
def test_bad_values(changes, match):
    with pytest.raises(ValueError, match=match):
        configuration.changed(BASE, changes)


def test_rollbacks_halve_the_rates_of_all_steps(tmp_path, monkeypatch):
    workdir, flags = tmp_path / "run", (*LINEAR, *DECAY)
    with monkeypatch.context() as patch:
        test_rollback.poison(patch, float("nan"), step=6, rollbacks=1)
        assert test_rollback.trained(workdir, *flags, "steps=7", "rollbacks=3") == 0
    (entry,) = test_rollback.rollbacks(workdir)
    assert (entry["step"], entry["rolled_back_to"]) == (6, 4)
    assert entry["generator_learning_rate"] == pytest.approx(
        0.5 * 0.004 * fraction("linear", 4)
    )
    by_hand = tmp_path / "by_hand"
    assert test_rollback.trained(by_hand, *flags, "steps=4") == 0
    (by_hand / "metrics.jsonl").write_text('{"rolled_back_to": 4}\n')
    assert run(train, f"workdir={by_hand}", "resume", "steps=7") == 0
    assert_same_run(workdir, by_hand)
    straight = tmp_path / "straight"
    assert test_rollback.trained(straight, *flags, "steps=7") == 0
    assert metrics(straight)[-1] != metrics(workdir)[-1]


def test_a_rollback_before_the_first_step_is_a_run_at_half_the_rates(
    tmp_path, monkeypatch
):
    test_rollback.poison(monkeypatch, float("nan"), step=1, rollbacks=1)
    run_flags = (*LINEAR, *DECAY, "steps=5")
    assert test_rollback.trained(tmp_path / "run", *run_flags, "rollbacks=1") == 0
    monkeypatch.undo()
    half = tuple(f"set={player}_learning_rate={r / 2}" for player, r in RATES.items())
    flags = (*TINY, "sample_every=4", "checkpoint_every=2", *half, *run_flags)
    assert run(train, f"workdir={tmp_path}/low", *flags) == 0
    one, other = weights(tmp_path / "run"), weights(tmp_path / "low")
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_allclose(one[name], other[name], rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", _addons.NAMES)
def test_optimizers_of_addons_follow_the_schedule(name):
    pytest.importorskip("tensorflow_addons", exc_type=ImportError)
    trainer = _build.trainer(config_of("linear", optimizer=name), (8, 8, 1))
    trainer.fit(batches(trainer, 9), verbose=0)
    by_hand = trained_by_hand("linear", 9, optimizer=name)
    for a, b in zip(
        trainer.generator.get_weights(), by_hand.generator.get_weights(), strict=True
    ):
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=1e-6)


@pytest.mark.filterwarnings("ignore:`x` has values")
def test_skipped_updates_do_not_delay_the_schedule():
    config = config_of("linear", precision="mixed_float16")
    trainer = _build.trainer(config, (8, 8, 1))
    huge = batches(trainer, 4).map(lambda batch: batch * 1e30)
    trainer.fit(huge, verbose=0)
    optimizer = trainer.discriminator_optimizer
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)
    if int(optimizer.iterations):
        pytest.skip("Keras 2 counts updates that it skips")
    assert int(trainer.step) == 4
    before = trainer.discriminator.get_weights()
    trainer.fit(batches(trainer, 1), verbose=0)
    # Adam's first update equals its rate, unless the gradient is only rounding error.
    moved = trainer.discriminator.get_weights()[-1] - before[-1]
    expected = RATES["discriminator"] * fraction("linear", 4)
    assert float(np.abs(moved)[0]) == pytest.approx(expected, rel=1e-3)


def test_two_replicas_follow_the_schedule(tmp_path):
    flags = (*TINY, *GIVEN, *LINEAR, *DECAY, "steps=9")
    alone, both = tmp_path / "alone", tmp_path / "both"
    assert run(train, *flags, f"workdir={alone}") == 0
    command = [sys.executable, "-m", "launch.train", "--strategy=mirrored"]
    command += ["--num_virtual_devices=2", f"--workdir={both}"]
    command += [f"--{flag}" for flag in flags]
    subprocess.run(command, cwd=ROOT, check=True)
    for one, two in zip(final_weights(alone), final_weights(both), strict=True):
        np.testing.assert_allclose(two, one, rtol=1e-4, atol=1e-5)
