import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.callbacks.tiny import Tiny
from tests.callbacks.tiny import compiled
from tests.callbacks.tiny import train
from tfgan_tricks import callbacks
from tfgan_tricks._ema import MovingAverage


def saved_steps(directory):
    return sorted(int(p.stem.split("-")[1]) for p in directory.glob("*.index"))


def test_multiples_and_the_end_are_saved(tmp_path):
    train(Tiny(), [callbacks.Checkpoints(tmp_path, every=3)], steps=8)
    assert saved_steps(tmp_path) == [3, 6, 8]


def test_oldest_are_deleted(tmp_path):
    saver = callbacks.Checkpoints(tmp_path, every=1, max_to_keep=2)
    train(Tiny(), [saver], steps=5)
    assert saved_steps(tmp_path) == [4, 5]


def test_checkpoints_of_an_earlier_run_count_as_kept(tmp_path):
    for start in (0, 4):
        model = Tiny()
        model.step.assign(start)
        train(model, [callbacks.Checkpoints(tmp_path, every=2)], steps=4)
    assert saved_steps(tmp_path) == [4, 6, 8]


def test_restore_brings_back_the_newest(tmp_path):
    model = Tiny()
    train(model, [callbacks.Checkpoints(tmp_path, every=2)], steps=5)
    fresh = compiled(Tiny())
    assert callbacks.restore(fresh, tmp_path) == 5
    assert int(fresh.step.numpy()) == 5
    for old, new in zip(model.get_weights(), fresh.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    np.testing.assert_array_equal(fresh.generator.get_weights()[1], [5.0, 5.0])


class TwoPlayers(keras.Model):
    """Two networks, each with an optimizer that has slots."""

    def __init__(self, units=3, keeps_average=False):
        super().__init__()
        for seed, name in enumerate(("generator", "discriminator")):
            initial = keras.initializers.RandomNormal(seed=seed)
            dense = keras.layers.Dense(units, kernel_initializer=initial)
            network = keras.Sequential([keras.layers.InputLayer((2,)), dense])
            setattr(self, name, network)
        if keeps_average:
            self.average = MovingAverage(self.generator)
        self.built = True

    def call(self, inputs):
        return self.generator(inputs)

    def compile(self, **kwargs):
        super().compile(**kwargs)
        self.optimizer = None
        self.generator_optimizer = keras.optimizers.Adam(0.1)
        self.discriminator_optimizer = keras.optimizers.Adam(0.3)
        for network, optimizer in self.players():
            optimizer.build(network.trainable_variables)

    def players(self):
        yield self.generator, self.generator_optimizer
        yield self.discriminator, self.discriminator_optimizer

    def train_step(self, data):
        for network, optimizer in self.players():
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.square(network(data) - 1.0))
            variables = network.trainable_variables
            gradients = tape.gradient(loss, variables)
            optimizer.apply_gradients(zip(gradients, variables, strict=True))
        return {"loss": loss}


DATA = tf.random.stateless_normal([4, 2], seed=[3, 4])


def two_players(**kwargs):
    model = TwoPlayers(**kwargs)
    model.compile()
    return model


def fit(model, steps, callbacks=()):
    dataset = tf.data.Dataset.from_tensors(DATA).repeat()
    model.fit(
        dataset,
        steps_per_epoch=steps,
        callbacks=list(callbacks),
        verbose=0,
        shuffle=False,
    )


def slots(model):
    return [v.numpy() for _, optimizer in model.players() for v in optimizer.variables]


def test_training_continues_bit_for_bit_with_both_optimizers(tmp_path):
    unbroken = two_players()
    fit(unbroken, 6)
    fit(two_players(), 3, [callbacks.Checkpoints(tmp_path, every=3)])
    resumed = two_players()
    resumed.set_weights([w + 1.0 for w in resumed.get_weights()])
    assert callbacks.restore(resumed, tmp_path) == 3
    fit(resumed, 3)
    for a, b in zip(unbroken.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    for a, b in zip(slots(unbroken), slots(resumed), strict=True):
        np.testing.assert_array_equal(a, b)


def other_shape(tmp_path):
    fit(two_players(), 1, [callbacks.Checkpoints(tmp_path, every=1)])
    return two_players(units=2)


def another_model(tmp_path):
    train(Tiny(), [callbacks.Checkpoints(tmp_path, every=1)], steps=1)
    return two_players()


def more_than_saved(tmp_path):
    fit(two_players(), 1, [callbacks.Checkpoints(tmp_path, every=1)])
    return two_players(keeps_average=True)


def less_than_saved(tmp_path):
    saver = callbacks.Checkpoints(tmp_path, every=1)
    fit(two_players(keeps_average=True), 1, [saver])
    return two_players()


@pytest.mark.parametrize(
    "make", [other_shape, another_model, more_than_saved, less_than_saved]
)
def test_restore_complains_rather_than_restore_in_part(tmp_path, make):
    model = make(tmp_path)
    causes = "structure.*trainer, networks, version of tfgan_tricks and version of K"
    with pytest.raises(ValueError, match=f"{causes}.*Received: directory="):
        callbacks.restore(model, tmp_path)


def test_restore_needs_a_checkpoint(tmp_path):
    with pytest.raises(ValueError, match="must contain a checkpoint. Received: dir"):
        callbacks.restore(two_players(), tmp_path)
