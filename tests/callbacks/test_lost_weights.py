"""Weights that are lost while all losses stay finite."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import trainers
from tests import replicas
from tests.callbacks.test_damaged_checkpoints import Poisoned
from tests.callbacks.tiny import Tiny
from tests.callbacks.tiny import compiled
from tests.callbacks.tiny import train
from tests.trainers import toy
from tfgan_tricks import callbacks

NAN, INF = float("nan"), float("inf")


def relu_networks():
    generator = keras.Sequential(
        [
            keras.layers.InputLayer((4,)),
            keras.layers.Dense(8, "relu"),
            keras.layers.Dense(2),
        ]
    )
    discriminator = keras.Sequential(
        [
            keras.layers.InputLayer((2,)),
            keras.layers.Dense(8, "relu"),
            keras.layers.Dense(1),
        ]
    )
    return generator, discriminator


@pytest.mark.parametrize("steps_per_execution", [1, 4])
@pytest.mark.parametrize(
    "cls", [trainers.NonSaturatingGAN, trainers.HingeGAN, trainers.RelativisticGAN]
)
def test_one_nan_example_with_a_relu_discriminator(cls, steps_per_execution):
    x = np.random.default_rng(0).normal(size=(256, 2)).astype("float32")
    x[37, 1] = np.nan
    trainer = cls(*relu_networks(), reuse_real_batch=True)
    trainer.compile(steps_per_execution=steps_per_execution)
    losses = []
    note = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: losses.extend(logs.values())
    )
    guard = callbacks.StopOnNonFinite()
    with pytest.raises(FloatingPointError) as error:
        trainer.fit(x, epochs=4, callbacks=[note, guard], verbose=0)
    assert len(losses) == 2 and np.all(np.isfinite(losses))
    assert "at step 8: every weight must be finite. Rec" in str(error.value)
    lost = sum(np.isnan(w).any() for w in toy.weights(trainer))
    assert f"Received: {lost} that are not: " in str(error.value)
    assert "dense" in str(error.value) and "kernel" in str(error.value)


@pytest.mark.parametrize("value", [NAN, INF, -INF])
@pytest.mark.parametrize(
    ("at", "epoch_steps", "step"),
    [(3, 8, 8), (3, 250, 100), (100, 250, 100), (101, 250, 200), (249, 250, 250)],
)
def test_every_hundred_steps_and_each_epoch_are_looked_at(value, at, epoch_steps, step):
    model = Poisoned(value, at)
    with pytest.raises(FloatingPointError, match=f"step {step}: every weight .*bias"):
        train(model, [callbacks.StopOnNonFinite()], steps=epoch_steps, epochs=2)
    assert int(model.step.numpy()) == step


def test_steps_in_between_cost_no_look(monkeypatch):
    looks = []
    guard = callbacks.StopOnNonFinite()
    look = guard._look_at_weights
    monkeypatch.setattr(
        guard, "_look_at_weights", lambda step: (looks.append(step), look(step))
    )
    train(Tiny(), [guard], steps=130, epochs=2)
    assert looks == [100, 130, 200, 260, 260]


def test_weights_lost_at_the_end_are_seen():
    model = Tiny()
    lose = keras.callbacks.LambdaCallback(
        on_train_end=lambda logs: model.generator.weights[1].assign([1.0, NAN])
    )
    with pytest.raises(FloatingPointError, match="step 2: every weight .*bias"):
        train(model, [callbacks.StopOnNonFinite(), lose], steps=2)


class Zoo(Tiny):
    """Weights of all kinds."""

    def __init__(self, **values):
        super().__init__()
        kinds = {"half": "float16", "brain": "bfloat16", "count": "int32"}
        kinds |= {"first": "float32", "flag": "bool", "wide": "float64"}
        for name, dtype in kinds.items():
            value = tf.cast(values.get(name, np.ones([300])), dtype)
            zoo = self.add_weight(
                name=name,
                shape=value.shape,
                dtype=dtype,
                initializer="zeros",
                trainable=name != "first" and dtype not in ("bool", "int32"),
            )
            zoo.assign(value)
            setattr(self, name, zoo)


LARGE = {
    "first": np.full([300], 3.4e38),
    "half": np.full([300], -65504.0),
    "brain": np.full([300], 3e38),
    "wide": np.full([300], 1.7e308),
    "count": np.full([300], 2**31 - 1),
}


def test_large_weights_are_not_divergence():
    """Their sum and their norm would overflow."""
    train(Zoo(**LARGE), [callbacks.StopOnNonFinite()], steps=2)


@pytest.mark.parametrize("name", ["first", "half", "brain", "wide"])
@pytest.mark.parametrize("value", [NAN, INF, -INF])
def test_one_lost_element_of_any_float_is_seen(name, value):
    """This includes weights that are not trained, such as moving statistics."""
    wrong = np.ones([300])
    wrong[299] = value
    message = f"step 1: .* 1 that are not: [a-z0-9_/]*{name}(:0)?$"
    with pytest.raises(FloatingPointError, match=message):
        train(Zoo(**{name: wrong}), [callbacks.StopOnNonFinite()], steps=1)


def test_the_first_three_are_named():
    wrong = {name: np.full([3], NAN) for name in ("half", "brain", "wide", "first")}
    with pytest.raises(FloatingPointError) as error:
        train(Zoo(**wrong), [callbacks.StopOnNonFinite()], steps=1)
    assert "4 that are not: " in str(error.value)
    assert str(error.value).endswith(", ...") and str(error.value).count(",") == 3


def test_looks_do_not_change_training(monkeypatch):
    def trained(others):
        trainer = toy.make(trainers.R3GAN, ema_decay=0.9)
        trainer.fit(toy.points(), epochs=2, callbacks=others, verbose=0)
        return trainer

    module = callbacks.StopOnNonFinite.__module__
    monkeypatch.setattr(f"{module}._STEPS_PER_LOOK", 1)
    toy.assert_equal_weights(trained([]), trained([callbacks.StopOnNonFinite()]))


class Late(keras.layers.Layer):
    """A layer whose weight is lost at its creation, and no loss shows it."""

    def __init__(self, value):
        super().__init__()
        self.value = value
        self.dense = keras.layers.Dense(1)

    def build(self, input_shape):
        self.late = self.add_weight(
            name="late",
            shape=(),
            initializer=keras.initializers.Constant(self.value),
            trainable=False,
        )

    def call(self, inputs):
        return self.dense(inputs)


def test_weights_that_come_later_are_looked_at():
    """The first batch builds these models, one after the other."""
    guard, x = callbacks.StopOnNonFinite(), tf.ones([8, 1])

    def fit(value):
        model = keras.Sequential([Late(value)])
        model.compile("sgd", "mse")
        model.fit(x, x, callbacks=[guard], verbose=0)

    fit(1.0)
    fit(1.0)
    with pytest.raises(FloatingPointError, match="step .* 1 that are not: .*late"):
        fit(NAN)


def test_a_model_without_weights_is_fine():
    class Weightless(keras.Model):
        def train_step(self, data):
            return {"d_loss": tf.constant(0.5)}

    model = compiled(Weightless())
    guard = callbacks.StopOnNonFinite()
    data = tf.data.Dataset.from_tensors(tf.ones([4, 2]))
    model.fit(data, callbacks=[guard], verbose=0, shuffle=False)
    assert guard.step == 1


SCRIPT = """
import json
import numpy as np
import tensorflow as tf
import trainers
from tests import replicas

strategy = replicas.two_replicas()  # Before modules that hold tensors.
from tests.callbacks import test_lost_weights
from tests.trainers import toy
from tfgan_tricks import callbacks

told = []
for poisoned in (False, True):
    x = toy.points(64)
    x[5, 0] = np.nan if poisoned else x[5, 0]
    with strategy.scope():
        networks = test_lost_weights.relu_networks()
        trainer = trainers.NonSaturatingGAN(*networks, ema_decay=0.9)
        trainer.compile()
    try:
        guard = callbacks.StopOnNonFinite()
        trainer.fit(x, batch_size=16, epochs=2, callbacks=[guard], verbose=0)
        told.append(int(trainer.step.numpy()))
    except FloatingPointError as error:
        told.append(str(error))
print(json.dumps(told))
"""


def test_mirrored_weights_are_looked_at():
    fine, lost = replicas.printed_by(SCRIPT)
    assert fine == 8
    assert "at step 4: every weight must be finite" in lost and "kernel" in lost
