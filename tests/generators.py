"""Small generators whose samples are known."""

import keras
import numpy as np

LATENT_DIM = 3


def image_generator():
    """Returns a generator with training noise and odd moving statistics."""
    network = keras.Sequential(
        [
            keras.layers.InputLayer((LATENT_DIM,)),
            keras.layers.Dense(8),
            keras.layers.Reshape((2, 2, 2)),
            keras.layers.BatchNormalization(),
            keras.layers.GaussianNoise(1.0),
            keras.layers.Conv2DTranspose(1, 4, 2, "same", activation="tanh"),
        ]
    )
    rng = np.random.default_rng(0)
    network.set_weights([rng.uniform(0.1, 0.6, w.shape) for w in network.weights])
    return network


def point_generator():
    return keras.Sequential(
        [keras.layers.InputLayer((LATENT_DIM,)), keras.layers.Dense(2)]
    )


NUM_CLASSES = 3


def conditional_generator():
    """Returns a generator three of whose pixels are z plus ten times the label."""
    z, labels = keras.Input((LATENT_DIM,)), keras.Input((), dtype="int32")
    label = keras.layers.Embedding(NUM_CLASSES, LATENT_DIM)(labels)
    noisy = keras.layers.GaussianNoise(1.0)(keras.layers.Add()([z, label]))
    pixels = keras.layers.Dense(4, use_bias=False)(noisy)
    generator = keras.Model([z, labels], keras.layers.Reshape((2, 2, 1))(pixels))
    tens = np.repeat(10.0 * np.arange(NUM_CLASSES)[:, np.newaxis], LATENT_DIM, axis=1)
    generator.set_weights([tens, np.eye(LATENT_DIM, 4)])
    return generator


def ends_in(*layers):
    return keras.Sequential([keras.Input((LATENT_DIM,)), *layers])
