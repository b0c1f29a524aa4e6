"""Keras callbacks that act on one player, against the game by hand."""

import keras
import numpy as np
import pytest

import trainers
from tests.callbacks import scalar_game
from tests.callbacks.scalar_game import RATES
from tests.callbacks.tiny import Tiny
from tests.callbacks.tiny import train
from tests.trainers import toy
from tfgan_tricks import _compat
from tfgan_tricks import callbacks

PLAYERS = ("generator", "discriminator")
every_player = pytest.mark.parametrize("player", PLAYERS)
RATE_NAME = "learning_rate" if _compat.KERAS_3 else "lr"


def rate(trainer, player):
    return float(getattr(trainer, f"{player}_optimizer").learning_rate.numpy())


def rates_of(player, value):
    """Returns the rates of both players after one player's rate has changed."""
    return (value, RATES[1]) if player == "generator" else (RATES[0], value)


@every_player
def test_learning_rate_scheduler(player):
    """0.4, 0.2, 0.1, ... for one, 0.2 for the other."""

    def schedule(epoch, rate):
        return 0.4 * 0.5**epoch

    trainer = scalar_game.make()
    scheduler = keras.callbacks.LearningRateScheduler(schedule)
    history = scalar_game.fit(trainer, [callbacks.ForPlayer(scheduler, player)], 5)
    states = scalar_game.by_hand(5, lambda e: rates_of(player, 0.4 * 0.5**e))
    scalar_game.assert_at(trainer, states[-1])
    for name in ("d_loss", "g_loss"):
        expected = [getattr(state, name) for state in states]
        np.testing.assert_allclose(history.history[name], expected, rtol=1e-5)
    logged = history.history[f"{player}_{RATE_NAME}"]
    np.testing.assert_allclose(logged, [0.4 * 0.5**e for e in range(5)], rtol=1e-6)
    assert set(history.history) == {"d_loss", "g_loss", f"{player}_{RATE_NAME}"}


def test_both_players_have_schedules_and_logs_of_their_own():
    trainer = scalar_game.make()
    both = [
        callbacks.ForPlayer(keras.callbacks.LearningRateScheduler(schedule), player)
        for player, schedule in (
            ("generator", lambda epoch: 0.1 + epoch),
            ("discriminator", lambda epoch: 0.3 / (1 + epoch)),
        )
    ]
    history = scalar_game.fit(trainer, both, epochs=3).history
    states = scalar_game.by_hand(3, lambda e: (0.1 + e, 0.3 / (1 + e)))
    scalar_game.assert_at(trainer, states[-1])
    logged = history[f"generator_{RATE_NAME}"]
    np.testing.assert_allclose(logged, [0.1, 1.1, 2.1], rtol=1e-6)
    logged = history[f"discriminator_{RATE_NAME}"]
    np.testing.assert_allclose(logged, [0.3, 0.15, 0.1], rtol=1e-6)


@every_player
@pytest.mark.parametrize("monitor", ["d_loss", "g_loss"])
def test_reduce_learning_rate_on_plateau(player, monitor):
    """Thirds the rate wherever the loss did not fall."""
    state, best, value, expected = scalar_game.START, np.inf, 0.2, []
    for _ in range(12):
        state = scalar_game.after(state, rates_of(player, value))
        loss = getattr(state, monitor)
        value, best = (value, loss) if loss < best else (value / 3, best)
        expected.append(value)
    assert expected[-1] < 0.2
    trainer = scalar_game.make()
    reduce = keras.callbacks.ReduceLROnPlateau(
        monitor, factor=1 / 3, patience=1, mode="min", min_delta=0.0
    )
    scalar_game.fit(trainer, [callbacks.ForPlayer(reduce, player)], epochs=12)
    scalar_game.assert_at(trainer, state)
    np.testing.assert_allclose(rate(trainer, player), expected[-1], rtol=1e-5)
    (other,) = set(PLAYERS) - {player}
    np.testing.assert_allclose(rate(trainer, other), 0.2, rtol=1e-6)


@pytest.mark.skipif(not _compat.KERAS_3, reason="Keras 2 has no SwapEMAWeights")
@every_player
def test_swap_ema_weights(player):
    """Averages at the ends of epochs, the last one for good."""
    trainer, seen = scalar_game.make(), []
    optimizers = [
        keras.optimizers.SGD(0.2, use_ema=one == player, ema_momentum=0.7)
        for one in PLAYERS
    ]
    trainer.compile(*optimizers)
    swap = keras.callbacks.SwapEMAWeights(swap_on_epoch=True)
    look = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append(scalar_game.dirac.state(trainer))
    )
    scalar_game.fit(trainer, [callbacks.ForPlayer(swap, player), look], epochs=5)
    states = np.array([state[:2] for state in scalar_game.by_hand(5)])
    index = PLAYERS.index(player)
    average, expected = states[0, index], states.copy()
    for step in range(5):
        momentum = 0.7 if step else 0.0
        average = momentum * average + (1 - momentum) * states[step, index]
        expected[step, index] = average
    np.testing.assert_allclose(seen, expected, rtol=1e-5)
    np.testing.assert_allclose(scalar_game.dirac.state(trainer), seen[-1])


@every_player
def test_early_stopping_restores_the_best_weights_of_one_player(player):
    states = scalar_game.by_hand(12)
    best = int(np.argmin([state.d_loss for state in states]))
    stop = keras.callbacks.EarlyStopping(
        "d_loss", mode="min", patience=2, restore_best_weights=True
    )
    trainer = scalar_game.make()
    scalar_game.fit(trainer, [callbacks.ForPlayer(stop, player)], epochs=12)
    stops = best + 2
    assert int(trainer.step.numpy()) == stops + 1 < 12
    theta, psi = states[stops][:2]
    expected = {
        "generator": (states[best].theta, psi),
        "discriminator": (theta, states[best].psi),
    }
    scalar_game.assert_at(trainer, expected[player])


@every_player
def test_model_checkpoint_saves_one_network(tmp_path, player):
    path = str(tmp_path / "{epoch}.keras")
    save = callbacks.ForPlayer(keras.callbacks.ModelCheckpoint(path), player)
    scalar_game.fit(scalar_game.make(), [save], epochs=3)
    for epoch, state in enumerate(scalar_game.by_hand(3), start=1):
        network = keras.models.load_model(path.format(epoch=epoch), compile=False)
        expected = state[PLAYERS.index(player)]
        (weight,) = network.get_weights()
        np.testing.assert_allclose(weight.item(), expected, rtol=1e-5)


class Spy(keras.callbacks.Callback):
    """Notes each hook, and what it sees there."""

    def __init__(self):
        super().__init__()
        self.calls = []


def note(name):
    def hook(self, *args, **kwargs):
        self.calls.append(name)

    return hook


HOOKS = [name for name in dir(keras.callbacks.Callback) if name.startswith("on_")]
# Which the hooks of train batches call, unless they are replaced.
HOOKS = [name for name in HOOKS if name not in ("on_batch_begin", "on_batch_end")]
for name in HOOKS:
    setattr(Spy, name, note(name))


def test_every_hook_is_passed_on():
    wrapped, bare = Spy(), Spy()
    trainer = toy.make(trainers.SemiSupervisedGAN)
    images = toy.points(16)
    labels = np.zeros(16, "int64")
    data = toy.endless(8, trainers.SemiSupervisedGAN)
    both = [callbacks.ForPlayer(wrapped, "generator"), bare]
    trainer.fit(
        data,
        steps_per_epoch=2,
        epochs=2,
        validation_data=(images, labels),
        callbacks=both,
        verbose=0,
    )
    trainer.predict(images, callbacks=both, verbose=0)
    assert wrapped.calls == bare.calls
    assert set(wrapped.calls) == set(HOOKS)
    assert wrapped.params == bare.params


@every_player
def test_the_view_is_the_trainer_but_for_one_player(player):
    class Look(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            view, network = self.model, getattr(trainer, player)
            assert view.optimizer is getattr(trainer, f"{player}_optimizer")
            for name in ("weights", "trainable_weights", "trainable_variables"):
                ours, theirs = getattr(view, name), getattr(network, name)
                assert list(map(id, ours)) == list(map(id, theirs))
            np.testing.assert_equal(view.get_weights(), network.get_weights())
            view.set_weights([weight + 1.0 for weight in view.get_weights()])
            assert view.step is trainer.step and view.generator is trainer.generator
            assert not hasattr(view, "no_such_attribute")
            view.stop_training = epoch == 1
            looks.append(epoch)

    looks, trainer = [], scalar_game.make()
    before = scalar_game.dirac.state(trainer)
    trainer.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
    scalar_game.fit(trainer, [callbacks.ForPlayer(Look(), player)], epochs=4)
    assert looks == [0, 1]
    moved = scalar_game.dirac.state(trainer) - before
    np.testing.assert_allclose(moved, 2.0 * np.eye(2)[PLAYERS.index(player)], rtol=1e-6)


@pytest.mark.parametrize(
    ("callback", "player", "message"),
    [
        (Spy(), "critic", "`player` must be one of discriminator, generator.*'critic'"),
        (Spy(), None, "`player` must be one of.*Received: player=None"),
        (Spy, "generator", "`callback` must be a `keras.callbacks.Callback` object"),
        ("reduce", "generator", "`callback` must .*Received: callback='reduce'"),
    ],
)
def test_bad_arguments(callback, player, message):
    with pytest.raises(ValueError, match=message):
        callbacks.ForPlayer(callback, player)


def test_a_model_that_is_not_a_trainer_is_refused():
    with pytest.raises(ValueError, match="`model` must be a trainer.*Received: model="):
        train(Tiny(), [callbacks.ForPlayer(Spy(), "generator")], steps=1)
