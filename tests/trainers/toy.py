"""Small trainers on small data."""

import inspect

import keras
import numpy as np
import tensorflow as tf

import trainers

ALL = [
    cls
    for cls in vars(trainers).values()
    if isinstance(cls, type)
    and issubclass(cls, trainers.AdversarialTrainer)
    and cls is not trainers.AdversarialTrainer
]
# The arguments with defaults that all trainers have.
OPTIONS = {
    name: parameter.default
    for name, parameter in inspect.signature(
        trainers.AdversarialTrainer
    ).parameters.items()
    if parameter.default is not parameter.empty
}
REQUIRED = dict.fromkeys(
    (trainers.FeatureMatchingGAN, trainers.SemiSupervisedGAN), {"features": "hidden"}
)


def networks(latent_dim=3):
    keras.utils.set_random_seed(1)
    generator = keras.Sequential(
        [
            keras.Input((latent_dim,)),
            keras.layers.Dense(8, "relu"),
            keras.layers.BatchNormalization(),
            keras.layers.Dense(2),
        ]
    )
    discriminator = keras.Sequential(
        [
            keras.Input((2,)),
            keras.layers.Dense(8, "relu", name="hidden"),
            keras.layers.Dense(1),
        ]
    )
    return generator, discriminator


def make(cls, compile_options=None, **kwargs):
    required = REQUIRED.get(cls, {})
    trainer = cls(*networks(), **{"discriminator_steps": 1, **required, **kwargs})
    trainer.compile(**(compile_options or {}))
    return trainer


def points(count=96):
    return np.random.default_rng(0).normal(1.0, 2.0, (count, 2)).astype("float32")


def endless(batch_size=8, cls=None):
    """Returns batches in a trainer's form; all labels are 0, the only class."""
    dataset = tf.data.Dataset.from_tensor_slices(points()).repeat()
    dataset = dataset.batch(batch_size, drop_remainder=True)
    if cls is not trainers.SemiSupervisedGAN:
        return dataset
    return dataset.map(lambda x: (x, (x[::-1], tf.zeros([batch_size], tf.int64))))


def batch(count):
    """Returns a batch for one update of any trainer."""
    images = tf.constant(points(count))
    labeled = trainers.Batch(images[::-1], tf.zeros([count], tf.int64))
    return trainers.Batch(images, labeled=labeled)


def weights(trainer):
    return [weight.numpy() for weight in trainer.weights]


def assert_equal_weights(one, other, **tolerance):
    for a, b in zip(weights(one), weights(other), strict=True):
        if tolerance:
            np.testing.assert_allclose(a, b, **tolerance)
        else:
            np.testing.assert_array_equal(a, b)


def spied(trainer):
    """Returns the latents of every pass of the generator, filled while it trains."""
    seen = []
    run = trainer.generator_player.run

    def spy(latents, *args):
        seen.append(latents.numpy())
        return run(latents, *args)

    trainer.generator_player.__dict__["run"] = spy
    return seen
