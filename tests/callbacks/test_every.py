import pytest
import tensorflow as tf

from tests.callbacks.tiny import Tiny
from tests.callbacks.tiny import compiled
from tests.callbacks.tiny import train
from tfgan_tricks.callbacks._every import EveryNSteps


class Recorder(EveryNSteps):
    def __init__(self, every):
        super().__init__(every)
        self.calls = []
        self.truth = []

    def on_steps(self, step, logs):
        self.calls.append(step)
        self.truth.append(int(self.model.counter.numpy()))


def calls(every, steps, **kwargs):
    recorder = Recorder(every)
    train(Tiny(), [recorder], steps, **kwargs)
    assert recorder.truth == recorder.calls
    return recorder.calls


def test_multiples_and_the_end():
    assert calls(every=3, steps=8) == [3, 6, 8]


def test_end_is_not_called_twice():
    assert calls(every=3, steps=6) == [3, 6]


def test_steps_continue_over_epochs():
    assert calls(every=3, steps=4, epochs=2) == [3, 6, 8]


def test_fires_once_when_multiples_are_passed_inside_an_execution():
    assert calls(every=3, steps=12, steps_per_execution=4) == [4, 8, 12]


def test_several_multiples_in_one_execution_are_one_call():
    assert calls(every=1, steps=8, steps_per_execution=4) == [4, 8]


@pytest.mark.parametrize("count_steps", [True, False])
def test_steps_continue_in_a_second_fit(count_steps):
    model, recorder = Tiny(count_steps=count_steps), Recorder(3)
    train(model, [recorder], 4)
    train(model, [recorder], 4, initial_epoch=1, epochs=2)
    assert recorder.calls == recorder.truth == [3, 4, 6, 8]


def test_steps_of_a_restored_model_count():
    model, recorder = Tiny(), Recorder(10)
    model.step.assign(17)
    train(model, [recorder], 5)
    assert recorder.calls == [20, 22]


def test_model_without_steps_counts_from_zero():
    model, recorder = Tiny(count_steps=False), Recorder(2)
    model.counter.assign(17)
    train(model, [recorder], 3)
    assert recorder.calls == [2, 3]


def test_no_call_without_a_step():
    recorder = Recorder(2)
    train(Tiny(), [recorder], 3, initial_epoch=1)
    assert recorder.calls == []


def test_steps_that_the_end_of_the_data_cut_off_are_not_counted():
    """Epochs of three steps, in executions of two."""
    model, recorder = compiled(Tiny(), steps_per_execution=2), Recorder(4)
    dataset = tf.data.Dataset.from_tensors(tf.zeros([1, 2])).repeat(3)
    model.fit(dataset, epochs=3, callbacks=[recorder], verbose=0, shuffle=False)
    assert recorder.calls == recorder.truth == [5, 8, 9]


@pytest.mark.parametrize("every", [0, -3])
def test_every_must_be_positive(every):
    with pytest.raises(ValueError, match=f"Received: every={every}"):
        Recorder(every)
