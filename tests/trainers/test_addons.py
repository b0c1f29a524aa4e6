"""Training with the optimizers of TensorFlow Addons, on the stack that has them."""

import numpy as np
import pytest

import trainers
from tests import addons
from tests import replicas
from tests.trainers import precision
from tests.trainers import toy
from tfgan_tricks import _addons
from tfgan_tricks import callbacks

pytestmark = addons.skip_if_missing
EVERY_OPTIMIZER = pytest.mark.parametrize("name", _addons.NAMES)


def make(name, policy="float32"):
    players = ("generator_optimizer", "discriminator_optimizer")
    return precision.make(policy, trainers.LSGAN, dict.fromkeys(players, name))


def weights(trainer):
    optimizers = trainer.generator_optimizer, trainer.discriminator_optimizer
    networks = trainer.generator, trainer.discriminator
    return [w.numpy() for owner in (*networks, *optimizers) for w in owner.weights]


def train(trainer, **kwargs):
    trainer.fit(toy.endless(), steps_per_epoch=7, verbose=0, **kwargs)
    return trainer


@EVERY_OPTIMIZER
def test_both_players_train_and_resume_identically_from_a_checkpoint(name, tmp_path):
    trainer = make(name)
    start = trainer.generator.get_weights(), trainer.discriminator.get_weights()
    train(trainer, callbacks=[callbacks.Checkpoints(tmp_path, every=100)])
    for network, before in zip(
        (trainer.generator, trainer.discriminator), start, strict=True
    ):
        for old, new in zip(before, network.get_weights(), strict=True):
            assert np.isfinite(new).all() and np.any(old != new)
    restored = make(name)
    callbacks.restore(restored, tmp_path)
    assert precision.equal(weights(trainer), weights(restored))
    assert len(weights(trainer)) > 14
    assert precision.equal(weights(train(trainer)), weights(train(restored)))
    trainer.generator_optimizer.learning_rate = 0.5
    assert float(trainer.generator_optimizer.learning_rate) == 0.5


@pytest.mark.parametrize("name", ["addons:LAMB", "addons:Lookahead"])
def test_overflows_are_skipped_with_them_too(name, tmp_path):
    trainer = make(name, "mixed_float16")
    train(trainer, callbacks=[callbacks.Checkpoints(tmp_path, every=100)])
    counts = precision.skipped(trainer)
    precision.scale_of(trainer.discriminator_optimizer).assign(2.0**120)
    before = trainer.discriminator.get_weights()
    trainer.update_discriminator(toy.batch(8))
    assert precision.equal(before, trainer.discriminator.get_weights())
    assert precision.skipped(trainer) == [counts[0], counts[1] + 1]
    restored = make(name, "mixed_float16")
    callbacks.restore(restored, tmp_path)
    assert precision.skipped(restored) == counts


def test_an_object_of_addons_is_an_optimizer_too():
    adamw = addons.imported().optimizers.AdamW(1e-4, learning_rate=1e-3)
    trainer = trainers.LSGAN(*toy.networks())
    trainer.compile(adamw, "sgd")
    assert train(trainer).generator_optimizer is adamw


def test_a_keras_file_without_their_state_is_refused(tmp_path):
    with pytest.raises(ValueError, match="checkpoints do. Received: optimizer=LAMB"):
        make("addons:LAMB").save(tmp_path / "gan.keras")


ON_TWO_REPLICAS = """
import json
import keras
import numpy as np
import tensorflow as tf
import trainers
from tests import replicas

strategy = replicas.two_replicas()
rows = np.random.default_rng(0).normal(1.0, 2.0, (64, 2)).astype("float32")


def trained(name):
    keras.utils.set_random_seed(1)
    dense = keras.layers.Dense
    generator = [keras.Input((3,)), dense(4, "tanh"), dense(2)]
    discriminator = [keras.Input((2,)), dense(4, "tanh"), dense(1)]
    networks = keras.Sequential(generator), keras.Sequential(discriminator)
    trainer = trainers.LSGAN(*networks)
    trainer.compile(name, name)
    dataset = tf.data.Dataset.from_tensor_slices(rows).batch(8, drop_remainder=True)
    trainer.fit(dataset, shuffle=False, verbose=0)
    return [w.numpy().tolist() for network in networks for w in network.weights]


with strategy.scope():
    two = {name: trained("addons:" + name) for name in ("LAMB", "Lookahead", "Yogi")}
print(json.dumps({name: [trained("addons:" + name), two[name]] for name in two}))
"""


def test_two_replicas_learn_what_one_does():
    results = replicas.printed_by(ON_TWO_REPLICAS)
    assert len(results) == 3
    for name, (one, two) in results.items():
        for a, b in zip(one, two, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5, err_msg=name)
