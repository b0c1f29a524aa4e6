"""Short runs of the trainers, with a measurement every few steps."""

from collections.abc import Callable
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfgan_tricks import data
from tfgan_tricks import networks

LATENT_DIM = 16
BATCH_SIZE = 64


def digits() -> np.ndarray:
    """Returns the 8x8 digits, scaled to [-1, 1]."""
    return data.to_unit_range(data.load("digits8").examples).numpy()


def pair(shape: Sequence[int], seed: int) -> tuple[keras.Model, keras.Model]:
    """Returns a small generator and a small discriminator."""
    return (
        networks.mlp_generator(shape, LATENT_DIM, hidden=(64, 64), seed=seed),
        networks.mlp_discriminator(shape, hidden=(64, 64), seed=seed),
    )


def latents(generator: keras.Model, count: int, seed: int) -> tf.Tensor:
    """Returns latents that no training step draws."""
    return tf.random.stateless_normal([count, LATENT_DIM], [seed, -1])


def train(
    gan: Any,
    examples: np.ndarray,
    steps: int,
    *,
    seed: int,
    rates: tuple[float, float] = (1e-3, 1e-3),
    every: int | None = None,
    measure: Callable[[], Any] = lambda: None,
) -> list[tuple[int, Any]]:
    """Trains a GAN with Adam, and measures it before, during and after the run.

    Args:
        gan: A trainer. If it has optimizers, it keeps them.
        examples: Array of the real data.
        steps: Number of steps, a multiple of `every`.
        seed: Seed of the batches.
        rates: Learning rates of the generator and the discriminator. At 0, the weights
            stay.
        every: Number of steps between measurements. `None` means `steps`.
        measure: Function without arguments.

    Returns:
        A list of pairs of the number of finished steps and the measurement.
    """
    if gan.generator_optimizer is None:
        adam = [keras.optimizers.Adam(rate, 0.5) for rate in rates]
        gan.compile(*adam, steps_per_execution=every or steps)
    gan.generator_optimizer.learning_rate = rates[0]
    gan.discriminator_optimizer.learning_rate = rates[1]
    start = int(gan.step)
    measured = [(0, measure())]

    def note(batch, logs):
        measured.append((int(gan.step) - start, measure()))

    gan.fit(
        data.batches(examples, BATCH_SIZE, seed=seed),
        steps_per_epoch=steps,
        callbacks=[keras.callbacks.LambdaCallback(on_train_batch_end=note)],
        verbose=0,
    )
    return measured
