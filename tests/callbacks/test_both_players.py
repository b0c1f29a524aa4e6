"""Keras callbacks without `ForPlayer` act on both players."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import trainers
from tests.callbacks import scalar_game
from tests.callbacks.scalar_game import by_hand
from tests.callbacks.test_keras_callbacks import EPOCHS
from tests.callbacks.test_keras_callbacks import Killed
from tests.trainers import toy
from tfgan_tricks import _compat
from tfgan_tricks import callbacks

PLAYERS = ("generator", "discriminator")


def rates(trainer):
    optimizers = (getattr(trainer, f"{player}_optimizer") for player in PLAYERS)
    return [float(one.learning_rate.numpy()) for one in optimizers]


def test_learning_rate_scheduler_of_both():
    trainer = scalar_game.make()
    schedule = keras.callbacks.LearningRateScheduler(lambda epoch: 0.4 * 0.5**epoch)
    scalar_game.fit(trainer, [schedule], epochs=5)
    expected = by_hand(5, lambda epoch: (0.4 * 0.5**epoch,) * 2)
    scalar_game.assert_at(trainer, expected[-1])
    np.testing.assert_allclose(rates(trainer), [0.4 * 0.5**4] * 2, rtol=1e-6)


def test_reduce_learning_rate_on_plateau_of_both():
    state, best, rate = scalar_game.START, np.inf, 0.2
    for _ in range(EPOCHS):
        state = scalar_game.after(state, (rate, rate))
        rate, best = (rate, state.d_loss) if state.d_loss < best else (rate / 3, best)
    assert rate < 0.2
    trainer = scalar_game.make()
    reduce = keras.callbacks.ReduceLROnPlateau(
        "d_loss", factor=1 / 3, patience=1, mode="min", min_delta=0.0
    )
    scalar_game.fit(trainer, [reduce], EPOCHS)
    scalar_game.assert_at(trainer, state)
    np.testing.assert_allclose(rates(trainer), [rate] * 2, rtol=1e-5)


@pytest.mark.parametrize("ratio", [0.5, 4.0])
def test_each_player_keeps_its_share_of_a_reduced_rate(ratio):
    """Different rates are both multiplied by the factor, not made equal."""
    trainer = scalar_game.make()
    trainer.compile(keras.optimizers.SGD(0.2), keras.optimizers.SGD(0.2 * ratio))
    reduce = keras.callbacks.ReduceLROnPlateau(
        "d_loss", factor=0.5, patience=1, mode="max", min_delta=9.0
    )
    scalar_game.fit(trainer, [reduce], epochs=3)
    np.testing.assert_allclose(rates(trainer), [0.05, 0.05 * ratio], rtol=1e-5)


@pytest.mark.skipif(not _compat.KERAS_3, reason="Keras 2 has no SwapEMAWeights")
def test_swap_ema_weights_of_both():
    trainer, seen = scalar_game.make(), []
    options = {"use_ema": True, "ema_momentum": 0.7}
    trainer.compile(*(keras.optimizers.SGD(0.2, **options) for _ in PLAYERS))
    swap = keras.callbacks.SwapEMAWeights(swap_on_epoch=True)
    look = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append(scalar_game.dirac.state(trainer))
    )
    scalar_game.fit(trainer, [swap, look], epochs=5)
    states = np.array([state[:2] for state in by_hand(5)])
    average, expected = states[0], []
    for step, state in enumerate(states):
        momentum = 0.7 if step else 0.0
        average = momentum * average + (1 - momentum) * state
        expected.append(average)
    np.testing.assert_allclose(seen, expected, rtol=1e-5)
    scalar_game.assert_at(trainer, expected[-1])


@pytest.mark.parametrize("steps_per_second", [False, True])
def test_tensorboard_counts_the_steps(tmp_path, steps_per_second):
    board = keras.callbacks.TensorBoard(
        str(tmp_path), update_freq=1, write_steps_per_second=steps_per_second
    )
    scalar_game.fit(scalar_game.make(), [board], epochs=3)
    tags = {
        value.tag
        for file in (tmp_path / "train").glob("events*")
        for event in tf.compat.v1.train.summary_iterator(str(file))
        for value in event.summary.value
    }
    assert {"epoch_d_loss", "epoch_g_loss"} <= tags
    assert ("epoch_steps_per_second" in tags) == steps_per_second


@pytest.mark.parametrize("cls", [trainers.NonSaturatingGAN, trainers.WGANGP])
def test_backup_and_restore_of_shuffled_arrays_is_exact(tmp_path, cls):
    """The order of the data follows from the seed and the step."""

    def kill(epoch, logs):
        if epoch == 1:
            raise Killed

    def trained(others, epochs=4):
        trainer = toy.make(cls)
        trainer.fit(
            toy.points(), batch_size=8, epochs=epochs, callbacks=others, verbose=0
        )
        return trainer

    folder = str(tmp_path / "backup")
    backup = keras.callbacks.BackupAndRestore
    killer = keras.callbacks.LambdaCallback(on_epoch_end=kill)
    with pytest.raises(Killed):
        trained([backup(folder), killer])
    toy.assert_equal_weights(trained([backup(folder)]), trained([]))


@pytest.mark.parametrize("is_first", [True, False])
def test_finalized_averages_are_in_the_newest_checkpoint(tmp_path, is_first):
    """The optimizers have `use_ema`, which Keras finalizes before training ends."""
    options = {"use_ema": True, "ema_momentum": 0.7}

    def compiled():
        trainer = scalar_game.make()
        trainer.compile(*(keras.optimizers.SGD(0.2, **options) for _ in PLAYERS))
        return trainer

    saver = callbacks.Checkpoints(tmp_path, every=4)
    other = keras.callbacks.LambdaCallback()
    trainer = compiled()
    scalar_game.fit(trainer, [saver, other] if is_first else [other, saver], epochs=4)
    states = np.array([state[:2] for state in [scalar_game.START, *by_hand(4)]])
    # Keras 3 averages from the first update on, Keras 2 from the weights before it.
    average, *later = states[1:] if _compat.KERAS_3 else states
    for state in later:
        average = 0.7 * average + 0.3 * state
    scalar_game.assert_at(trainer, average)
    fresh = compiled()
    callbacks.restore(fresh, tmp_path)
    scalar_game.assert_at(fresh, average)
