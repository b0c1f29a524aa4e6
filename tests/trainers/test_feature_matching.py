"""Generators that match features of the discriminator."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

import trainers
from tests.trainers import toy
from tfgan_tricks import layers
from tfgan_tricks import penalties

RNG = np.random.default_rng(8)
REAL = RNG.normal(1.0, 2.0, (12, 2)).astype("float32")
SEED = tf.constant([3, 4], tf.int64)


def numpy_distance(real, fake, distance):
    gap = real.astype("float64").mean(axis=0) - fake.astype("float64").mean(axis=0)
    return {
        "l2": np.linalg.norm(gap) ** 2,
        "mse": np.mean(gap**2),
        "l1": np.mean(np.abs(gap)),
    }[distance]


@pytest.mark.parametrize("distance", ["l2", "mse", "l1"])
def test_the_generator_minimizes_the_distance_of_mean_features(distance):
    trainer = toy.make(trainers.FeatureMatchingGAN, distance=distance)
    batch = trainers.Batch(tf.constant(REAL))
    value = trainer.generator_objective(batch, SEED)["g_loss"]
    hidden = trainer.discriminator.get_layer("hidden")
    fake = trainer.sample_like(batch, SEED).images
    expected = numpy_distance(hidden(REAL).numpy(), hidden(fake).numpy(), distance)
    assert expected > 0.1
    np.testing.assert_allclose(value, expected, rtol=1e-5)


def two_outputs(discriminator):
    hidden = discriminator.get_layer("hidden").output
    return keras.Model(discriminator.inputs, [discriminator.outputs[0], hidden])


def trained(discriminator_of, **kwargs):
    generator, discriminator = toy.networks()
    trainer = trainers.FeatureMatchingGAN(
        generator,
        discriminator_of(discriminator),
        penalties=[penalties.R1(0.1)],
        **kwargs,
    )
    trainer.compile("sgd", "sgd", run_eagerly=True)
    trainer.fit(toy.endless(), steps_per_epoch=3, verbose=0)
    return trainer


@functools.cache
def trained_on_a_named_layer():
    return trained(lambda network: network, features="hidden")


def test_a_discriminator_with_two_outputs_trains_alike():
    named = trained_on_a_named_layer()
    paired = trained(two_outputs)
    toy.assert_equal_weights(named.discriminator, paired.discriminator, rtol=1e-6)
    toy.assert_equal_weights(named.generator, paired.generator, rtol=1e-5, atol=1e-7)


class Subclassed(keras.Model):
    """Gives two outputs, which it does not announce."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def call(self, inputs, training=False):
        hidden = self.network.layers[0](inputs)
        return self.network.layers[-1](hidden), hidden


def test_a_subclassed_discriminator_may_give_two_outputs():
    def subclassed(network):
        model = Subclassed(network)
        model(REAL)
        return model

    named, given = trained_on_a_named_layer(), trained(subclassed)
    toy.assert_equal_weights(named.generator, given.generator, rtol=1e-5, atol=1e-7)


def test_features_may_have_any_rank():
    generator = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(16), keras.layers.Reshape((4, 4, 1))]
    )
    discriminator = keras.Sequential(
        [
            keras.Input((4, 4, 1)),
            keras.layers.Conv2D(5, 3, name="maps"),
            keras.layers.Flatten(),
            keras.layers.Dense(1),
        ]
    )
    trainer = trainers.FeatureMatchingGAN(generator, discriminator, features="maps")
    batch = trainers.Batch(tf.constant(RNG.normal(size=(6, 4, 4, 1)), tf.float32))
    maps = discriminator.get_layer("maps")
    fake = trainer.sample_like(batch, SEED).images
    expected = numpy_distance(maps(batch.images).numpy(), maps(fake).numpy(), "l2")
    value = trainer.generator_objective(batch, SEED)["g_loss"]
    np.testing.assert_allclose(value, expected, rtol=1e-5)


def test_it_works_with_spectral_normalization_and_minibatch_discrimination():
    spectral = layers.SpectralNormalization(keras.layers.Dense(6, "relu"), name="sn")
    discriminator = keras.Sequential(
        [
            keras.Input((2,)),
            spectral,
            layers.MinibatchDiscrimination(4, 2),
            keras.layers.Dense(1),
        ]
    )
    trainer = trainers.FeatureMatchingGAN(
        toy.networks()[0],
        discriminator,
        features="sn",
        base="hinge",
        generator_history=0.1,
        penalties=[penalties.InterpolatedGradientPenalty()],
    )
    trainer.compile()
    before = spectral.u.numpy()
    logs = trainer.fit(toy.endless(), steps_per_epoch=3, verbose=0).history
    assert np.any(spectral.u.numpy() != before)
    assert all(np.isfinite(value) for value in logs.values())
    assert {"g_history", "gradient_penalty"} <= set(logs)


def test_no_third_network_is_saved():
    trainer = toy.make(trainers.FeatureMatchingGAN)
    plain = toy.make(trainers.LSGAN)
    assert len(trainer.weights) == len(plain.weights)


def test_matching_first_moments_moves_the_mean_of_the_samples():
    """With the identity as features, the means become equal."""
    generator = toy.networks()[0]
    discriminator = keras.Sequential(
        [keras.Input((2,)), keras.layers.Flatten(name="same"), keras.layers.Dense(1)]
    )
    trainer = trainers.FeatureMatchingGAN(generator, discriminator, features="same")
    trainer.compile(keras.optimizers.Adam(0.01), keras.optimizers.Adam(0.01))
    data = RNG.normal([3.0, -2.0], 0.5, (4096, 2)).astype("float32")
    trainer.fit(data, batch_size=64, epochs=4, verbose=0)
    fake = generator(RNG.normal(size=(2000, 3)), training=True).numpy()
    np.testing.assert_allclose(fake.mean(axis=0), [3.0, -2.0], atol=0.25)


def make(**kwargs):
    return trainers.FeatureMatchingGAN(*toy.networks(), **kwargs)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: make(features="hiden"), "hidden.*Did you mean 'hidden'.*='hiden'"),
        (lambda: make(), "hidden.*Received: features=None"),
        (lambda: make(features="hidden", distance="l3"), "l1, l2, mse.*='l3'"),
        (lambda: make(features="hidden", base="hing"), "hinge"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
