import pytest

from tests.callbacks.tiny import Tiny
from tests.callbacks.tiny import compiled
from tests.callbacks.tiny import train
from tfgan_tricks import callbacks

NAN, INF = float("nan"), float("inf")


def losses(at, d_loss, g_loss, steps=8):
    rows = [[0.5, 2.0]] * steps
    rows[at - 1] = [d_loss, g_loss]
    return rows


@pytest.mark.parametrize(
    ("d_loss", "g_loss", "received"),
    [
        (NAN, 2.0, "Received: d_loss=nan$"),
        (0.5, INF, "Received: g_loss=inf$"),
        (-INF, NAN, "Received: d_loss=-inf, g_loss=nan$"),
    ],
)
def test_any_loss_stops_training_at_its_step(d_loss, g_loss, received):
    model = Tiny(losses(at=3, d_loss=d_loss, g_loss=g_loss))
    with pytest.raises(FloatingPointError, match=f"step 3:.*{received}"):
        train(model, [callbacks.StopOnNonFinite()], steps=8)
    assert int(model.step.numpy()) == 3


def test_executions_of_several_steps_are_checked_at_their_end():
    model = Tiny(losses(at=4, d_loss=NAN, g_loss=2.0))
    with pytest.raises(FloatingPointError, match="step 4:"):
        train(model, [callbacks.StopOnNonFinite()], 8, steps_per_execution=2)


def test_large_losses_are_not_divergence():
    model = Tiny(losses(at=3, d_loss=3e38, g_loss=-3e38))
    train(model, [callbacks.StopOnNonFinite()], steps=8)
    assert int(model.step.numpy()) == 8


def test_nothing_is_saved_of_the_wreck(tmp_path):
    model = Tiny(losses(at=4, d_loss=NAN, g_loss=2.0))
    guard = callbacks.StopOnNonFinite()
    saver = callbacks.Checkpoints(tmp_path, every=2)
    with pytest.raises(FloatingPointError):
        train(model, [guard, saver], steps=8)
    assert callbacks.restore(compiled(Tiny()), tmp_path) == 2
