"""The state at the end is the newest checkpoint, whatever other callbacks do."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.callbacks.test_checkpoints import saved_steps
from tests.callbacks.test_checkpoints import two_players
from tests.callbacks.tiny import Tiny
from tests.callbacks.tiny import compiled
from tests.callbacks.tiny import train
from tfgan_tricks import _compat
from tfgan_tricks import callbacks
from tfgan_tricks.callbacks._every import EveryNSteps

# Of epochs of four steps; the bias after step n is n. The second epoch is the best.
LOSSES = [[loss, 2.0] for loss in (1.0, 0.5, 0.7, 0.8, 0.9) for _ in range(4)]


def early_stopping(**kwargs):
    options = {"patience": 2, "restore_best_weights": True} | kwargs
    return keras.callbacks.EarlyStopping("d_loss", mode="min", **options)


def orders(count):
    return list(itertools.permutations(range(count)))


def bias(model):
    return model.generator.get_weights()[1].tolist()


class Ends(EveryNSteps):
    """Notes the bias in its calls."""

    def __init__(self, every):
        super().__init__(every)
        self.calls = []

    def on_steps(self, step, logs):
        self.calls.append((step, bias(self.model)[0]))


@pytest.mark.parametrize("count_steps", [True, False])
@pytest.mark.parametrize("every", [4, 3, 100])
@pytest.mark.parametrize("order", orders(3))
def test_restored_best_weights_are_in_the_newest(tmp_path, order, every, count_steps):
    model, log = Tiny(LOSSES, count_steps), Ends(every=5)
    saver = callbacks.Checkpoints(tmp_path, every, max_to_keep=9)
    others = [saver, early_stopping(), log]
    train(model, [others[i] for i in order], steps=4, epochs=5)
    assert bias(model) == [8.0, 8.0]
    fresh = compiled(Tiny(LOSSES, count_steps))
    step = callbacks.restore(fresh, tmp_path)
    assert bias(fresh) == [8.0, 8.0]
    if count_steps:  # It is a weight of the model, which Keras turns back with others.
        assert step == int(fresh.step.numpy()) == int(model.step.numpy()) == 8
        multiples = [n for n in range(1, 9) if n % every == 0]
        assert saved_steps(tmp_path) == sorted({*multiples, 8})
    else:
        assert step == 16
    assert log.calls == [(5, 5.0), (10, 10.0), (15, 15.0), (16, 8.0)]


def test_checkpoints_of_other_runs_stay(tmp_path):
    for number in (9, 12, 20):
        other = Tiny()
        other.step.assign(number - 1)
        train(other, [callbacks.Checkpoints(tmp_path, 4, max_to_keep=9)], steps=1)
    saver = callbacks.Checkpoints(tmp_path, 4, max_to_keep=9)
    train(Tiny(LOSSES), [saver, early_stopping()], steps=4, epochs=5)
    assert saved_steps(tmp_path) == [4, 8, 9, 20]


def inodes(folder):
    return {path.name: path.stat().st_ino for path in folder.glob("ckpt-*")}


@pytest.mark.parametrize("patience", [2, 9])
def test_nothing_is_written_twice_where_nothing_has_changed(tmp_path, patience):
    """The best weights may be the last ones."""
    seen = []
    saver = callbacks.Checkpoints(tmp_path, every=4)
    look = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append(inodes(tmp_path))
    )
    train(Tiny(LOSSES[:8]), [saver, look, early_stopping()], steps=4, epochs=2)
    assert saved_steps(tmp_path) == [4, 8]
    assert inodes(tmp_path) == seen[-1]


@pytest.mark.parametrize("order", orders(2))
def test_what_a_callback_changes_at_the_very_end_is_in_the_newest(tmp_path, order):
    model = Tiny()
    saver = callbacks.Checkpoints(tmp_path, every=3)
    change = keras.callbacks.LambdaCallback(
        on_train_end=lambda logs: model.generator.weights[1].assign([7.0, -7.0])
    )
    train(model, [[saver, change][i] for i in order], steps=6)
    fresh = compiled(Tiny())
    assert callbacks.restore(fresh, tmp_path) == 6
    assert bias(fresh) == [7.0, -7.0]
    assert saved_steps(tmp_path) == [3, 6]


@pytest.mark.parametrize("order", orders(2))
def test_a_learning_rate_that_the_last_epoch_lowered_is_in_the_newest(tmp_path, order):
    model = two_players()
    saver = callbacks.Checkpoints(tmp_path, every=2)
    lower = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: model.generator_optimizer.learning_rate.assign(
            0.025
        )
    )
    data = tf.data.Dataset.from_tensors(tf.ones([2, 2])).repeat(2)
    ordered = [[saver, lower][i] for i in order]
    model.fit(data, callbacks=ordered, verbose=0, shuffle=False)
    fresh = two_players()
    callbacks.restore(fresh, tmp_path)
    assert float(fresh.generator_optimizer.learning_rate.numpy()) == np.float32(0.025)


def dense(**kwargs):
    model = keras.Sequential([keras.layers.InputLayer((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1, **kwargs), "mse")
    _compat.build_optimizer(model.optimizer, model.trainable_variables)
    model.set_weights([np.float32([[1.0]]), np.float32([0.5])])
    return model


X = np.float32([[1.0], [2.0], [-1.0], [3.0]])


def fitted(model, others, epochs=2):
    model.fit(X, 2 * X, 2, epochs=epochs, callbacks=others, verbose=0, shuffle=False)
    return model


@pytest.mark.parametrize("order", orders(2))
def test_an_average_that_keras_finalizes_is_in_the_newest(tmp_path, order):
    saver = callbacks.Checkpoints(tmp_path, every=4)
    others = [saver, keras.callbacks.LambdaCallback()]
    options = {"use_ema": True, "ema_momentum": 0.7}
    model = fitted(dense(**options), [others[i] for i in order])
    assert np.any(model.get_weights()[0] != fitted(dense(), []).get_weights()[0])
    fresh = dense(**options)
    callbacks.restore(fresh, tmp_path)
    for old, new in zip(model.get_weights(), fresh.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.skipif(not _compat.KERAS_3, reason="Keras 2 has no SwapEMAWeights")
@pytest.mark.parametrize("order", orders(2))
def test_swapped_averages_are_in_the_newest(tmp_path, order):
    options = {"use_ema": True, "ema_momentum": 0.7}
    swap = keras.callbacks.SwapEMAWeights(swap_on_epoch=True)
    others = [callbacks.Checkpoints(tmp_path, every=4), swap]
    model = fitted(dense(**options), [others[i] for i in order])
    fresh = dense(**options)
    callbacks.restore(fresh, tmp_path)
    for old, new in zip(model.get_weights(), fresh.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_a_callback_that_stops_training_ends_it_after_its_step(tmp_path):
    def stop(batch, logs):
        model.stop_training = batch == 4

    model = Tiny()
    saver = callbacks.Checkpoints(tmp_path, every=3)
    stopping = keras.callbacks.LambdaCallback(on_train_batch_end=stop)
    for order in ([saver, stopping], [stopping, saver]):
        train(model, order, steps=10)
    assert saved_steps(tmp_path) == [6, 9, 10]


def test_a_history_that_is_listed_itself_ends_it_too(tmp_path):
    history = keras.callbacks.History()
    for order in (0, 1):
        folder = tmp_path / str(order)
        pair = [callbacks.Checkpoints(folder, every=4), history]
        train(Tiny(), pair[::-1] if order else pair, steps=6)
        assert saved_steps(folder) == [4, 6]
    assert "on_train_end" not in vars(history)


def test_it_ends_without_a_history_too(tmp_path):
    """Training loops that are written by hand have no history."""
    model = compiled(Tiny())
    train(model, [], steps=2)  # Its history belongs to another run.
    saver = callbacks.Checkpoints(tmp_path, every=4)
    several = keras.callbacks.CallbackList([saver], model=model, epochs=1, steps=5)
    several.on_train_begin()
    several.on_epoch_begin(0)
    for batch in range(5):
        model.step.assign_add(1)
        several.on_train_batch_begin(batch, {})
        several.on_train_batch_end(batch, {})
    several.on_epoch_end(0, {})
    several.on_train_end({})
    assert saved_steps(tmp_path) == [4, 7]


def test_several_callbacks_end_in_their_order_and_let_go_of_the_history():
    calls = []

    class Named(Ends):
        def on_steps(self, step, logs):
            calls.append((self.every, step))

    model = Tiny()
    train(model, [Named(7), Named(9), Named(8)], steps=5)
    assert calls == [(7, 5), (9, 5), (8, 5)]
    assert "on_train_end" not in vars(model.history)
