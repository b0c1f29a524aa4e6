"""Each callback of Keras with a trainer, against the game by hand."""

import csv

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.callbacks import scalar_game
from tests.callbacks.scalar_game import by_hand
from tests.trainers import dirac
from tfgan_tricks import callbacks

EPOCHS = 12
STATES = by_hand(EPOCHS)
D_LOSSES = [state.d_loss for state in STATES]
BEST = int(np.argmin(D_LOSSES))


def test_the_game_gets_worse_after_its_best_epoch():
    assert 2 < BEST < EPOCHS - 3


@pytest.mark.parametrize("name", ["{epoch}.weights.h5", "{epoch}.keras"])
def test_model_checkpoint_of_every_epoch(tmp_path, name):
    """A run resumes from each at its step."""
    path = str(tmp_path / name)
    save = keras.callbacks.ModelCheckpoint(path, save_weights_only="weights" in name)
    scalar_game.fit(scalar_game.make(), [save], EPOCHS)
    for epoch in (1, 5, 12):
        if save.save_weights_only:
            trainer = scalar_game.make()
            trainer.load_weights(path.format(epoch=epoch))
        else:
            trainer = keras.models.load_model(path.format(epoch=epoch))
        assert int(trainer.step.numpy()) == epoch
        scalar_game.assert_at(trainer, STATES[epoch - 1])
        scalar_game.fit(trainer, [], epochs=2)
        scalar_game.assert_at(trainer, by_hand(epoch + 2)[-1])


@pytest.mark.parametrize("name", ["best.weights.h5", "best.keras"])
def test_model_checkpoint_of_the_best_epoch(tmp_path, name):
    path = str(tmp_path / name)
    save = keras.callbacks.ModelCheckpoint(
        path,
        monitor="d_loss",
        mode="min",
        save_best_only=True,
        save_weights_only="weights" in name,
    )
    scalar_game.fit(scalar_game.make(), [save], EPOCHS)
    trainer = scalar_game.make()
    if save.save_weights_only:
        trainer.load_weights(path)
    else:
        trainer = keras.models.load_model(path)
    scalar_game.assert_at(trainer, STATES[BEST])


@pytest.mark.parametrize("patience", [1, 2])
@pytest.mark.parametrize("restores", [False, True])
def test_early_stopping(restores, patience):
    stop = keras.callbacks.EarlyStopping(
        "d_loss", mode="min", patience=patience, restore_best_weights=restores
    )
    trainer = scalar_game.make()
    history = scalar_game.fit(trainer, [stop], EPOCHS).history
    last = BEST + patience
    np.testing.assert_allclose(history["d_loss"], D_LOSSES[: last + 1], rtol=1e-5)
    scalar_game.assert_at(trainer, STATES[BEST if restores else last])


class Killed(Exception):
    pass


@pytest.mark.parametrize("after_epoch", [0, 3])
def test_backup_and_restore(tmp_path, after_epoch):
    """A killed run resumes in a new process, at its last checkpoint."""

    def kill(epoch, logs):
        if epoch == after_epoch:
            raise Killed

    folder = str(tmp_path / "backup")
    killer = keras.callbacks.LambdaCallback(on_epoch_end=kill)
    backup = keras.callbacks.BackupAndRestore(folder)
    with pytest.raises(Killed):
        scalar_game.fit(scalar_game.make(), [backup, killer], EPOCHS)
    trainer = scalar_game.make(theta=9.0, psi=-9.0)
    history = scalar_game.fit(
        trainer, [keras.callbacks.BackupAndRestore(folder)], EPOCHS
    )
    expected = D_LOSSES[after_epoch + 1 :]
    np.testing.assert_allclose(history.history["d_loss"], expected, rtol=1e-5)
    scalar_game.assert_at(trainer, STATES[-1])
    assert int(trainer.step.numpy()) == EPOCHS


def test_tensorboard(tmp_path):
    board = keras.callbacks.TensorBoard(str(tmp_path))
    scalar_game.fit(scalar_game.make(), [board], EPOCHS)
    (file,) = (tmp_path / "train").glob("events*")
    found = {}
    for event in tf.compat.v1.train.summary_iterator(str(file)):
        for value in event.summary.value:
            scalar = tf.make_ndarray(value.tensor)
            found.setdefault(value.tag, []).append((event.step, scalar))
    for name in ("d_loss", "g_loss"):
        steps, values = zip(*found[f"epoch_{name}"], strict=True)
        assert steps == tuple(range(EPOCHS))
        expected = [getattr(state, name) for state in STATES]
        np.testing.assert_allclose(values, expected, rtol=1e-5)


def test_csv_logger(tmp_path):
    path = tmp_path / "log.csv"
    scalar_game.fit(scalar_game.make(), [keras.callbacks.CSVLogger(str(path))], EPOCHS)
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["epoch"]) for row in rows] == list(range(EPOCHS))
    for name in ("d_loss", "g_loss"):
        values = [float(row[name]) for row in rows]
        expected = [getattr(state, name) for state in STATES]
        np.testing.assert_allclose(values, expected, rtol=1e-5)


def test_lambda_callback_and_history():
    seen = []
    trainer = scalar_game.make()
    look = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append(
            (*dirac.state(trainer), logs["d_loss"], logs["g_loss"])
        )
    )
    history = scalar_game.fit(trainer, [look], EPOCHS)
    np.testing.assert_allclose(seen, STATES, rtol=1e-5)
    np.testing.assert_allclose(history.history["d_loss"], D_LOSSES, rtol=1e-5)
    assert history.epoch == list(range(EPOCHS))


def test_progress_bar(capsys):
    scalar_game.fit(scalar_game.make(), [], epochs=2, verbose=2)
    lines = capsys.readouterr().out.splitlines()
    printed = [line for line in lines if "d_loss" in line]
    for line, state in zip(printed, STATES[:2], strict=True):
        assert f"d_loss: {state.d_loss:.4f} - g_loss: {state.g_loss:.4f}" in line


def test_terminate_on_nan_sees_no_loss_and_ours_does():
    """It looks for `loss`, which a GAN does not have."""
    lost, epochs = float("nan"), []
    look = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: epochs.append(epoch)
    )
    guards = [keras.callbacks.TerminateOnNaN(), look]
    scalar_game.fit(scalar_game.make(theta=lost), guards, epochs=3)
    assert epochs == [0, 1, 2]
    guards = [callbacks.StopOnNonFinite(), look]
    with pytest.raises(FloatingPointError, match="at step 1: every loss .*d_loss=nan"):
        scalar_game.fit(scalar_game.make(theta=lost), guards, epochs=3)
