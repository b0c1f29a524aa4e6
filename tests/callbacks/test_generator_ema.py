import numpy as np
import pytest

from tests.callbacks.tiny import Tiny
from tests.callbacks.tiny import train
from tfgan_tricks import callbacks


def biases(steps, decay, **kwargs):
    """Returns the averaged and the last bias, where the bias after step n is n."""
    model = Tiny()
    ema = callbacks.GeneratorEMA(model.generator, decay)
    train(model, [ema], steps, **kwargs)
    return ema.average.get_weights()[1], model.generator.get_weights()[1]


def recursion(values, decay):
    average = 0.0
    for value in values:
        average = decay * average + (1 - decay) * value
    return average


def test_average_follows_the_recursion():
    average, last = biases(6, decay=0.7)
    np.testing.assert_allclose(last, 6.0)
    np.testing.assert_allclose(average, recursion(range(1, 7), 0.7), rtol=1e-6)


def test_steps_of_one_execution_decay_together():
    average, _ = biases(6, decay=0.7, steps_per_execution=3)
    np.testing.assert_allclose(average, recursion([3, 6], 0.7**3), rtol=1e-6)


def test_average_continues_in_a_second_fit():
    model = Tiny(count_steps=False)
    ema = callbacks.GeneratorEMA(model.generator, decay=0.7)
    for _ in range(2):
        train(model, [ema], 3)
    expected = recursion(range(1, 7), 0.7)
    np.testing.assert_allclose(ema.average.get_weights()[1], expected, rtol=1e-6)


def test_average_starts_at_the_weights_and_leaves_them_alone():
    model = Tiny()
    kernel = model.generator.get_weights()[0]
    ema = callbacks.GeneratorEMA(model.generator, 0.9)
    np.testing.assert_array_equal(ema.average.get_weights()[0], kernel)
    train(model, [ema], 2)
    np.testing.assert_array_equal(ema.average.get_weights()[0], kernel)
    np.testing.assert_array_equal(model.generator.get_weights()[0], kernel)


@pytest.mark.parametrize("decay", [-0.1, 1.0, float("nan")])
def test_decay_must_be_in_range(decay):
    with pytest.raises(ValueError, match=f"Received: decay={decay}"):
        callbacks.GeneratorEMA(Tiny().generator, decay)
