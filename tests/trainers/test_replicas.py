"""Whole trainings on two replicas, in a process of their own, against one."""

import numpy as np
import pytest

from tests import replicas

SCRIPT = """
import json
import keras
import numpy as np
import tensorflow as tf
import trainers
from tests import replicas
from tfgan_tricks import networks

strategy = replicas.two_replicas()
images = np.random.default_rng(0).uniform(-1, 1, (32, 8, 8, 1)).astype("float32")
labels = np.arange(32) % 3
dense = {"output_shape": (8, 8, 1), "latent_dim": 3, "hidden": (4,)}


def conditional():
    sizes = {"image_size": 8, "channels": 1, "width": 2, "num_classes": 4}
    generator = networks.dcgan_generator(**sizes, latent_dim=3, label_dim=5)
    return trainers.LSGAN(generator, networks.dcgan_discriminator(**sizes, label_dim=5))


def feature_matching():
    discriminator = networks.mlp_discriminator((8, 8, 1), (5,))
    generator = networks.mlp_generator(**dense)
    return trainers.FeatureMatchingGAN(generator, discriminator, features="features")


def semi_supervised():
    discriminator = networks.weight_norm_classifier((8, 8, 1), 3, hidden=(5, 4))
    generator = networks.weight_norm_generator(**dense)
    return trainers.SemiSupervisedGAN(generator, discriminator, features="features")


DATA = {
    "conditional": (images, labels),
    "feature_matching": images,
    "semi_supervised": (images, (images[::-1], labels)),
}


def trained(name):
    trainer = globals()[name]()
    trainer.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    dataset = tf.data.Dataset.from_tensor_slices(DATA[name]).batch(8)
    trainer.fit(dataset, epochs=2, verbose=0)
    networks = [trainer.generator, trainer.discriminator]
    networks += [getattr(trainer, "ema_discriminator", None) or networks[0]]
    return [w.numpy().tolist() for network in networks for w in network.weights]


with strategy.scope():
    two = {name: trained(name) for name in DATA}
print(json.dumps({name: [trained(name), two[name]] for name in DATA}))
"""


@pytest.fixture(scope="module")
def results():
    return replicas.printed_by(SCRIPT)


@pytest.mark.parametrize("name", ["conditional", "feature_matching", "semi_supervised"])
def test_two_replicas_learn_what_one_does(results, name):
    for one, two in zip(*results[name], strict=True):
        np.testing.assert_allclose(two, one, rtol=1e-4, atol=1e-6)
