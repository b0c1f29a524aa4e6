"""GAN training as one writes it by hand with Keras: the oracle for what users bring."""

import zlib
from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

import trainers
from tfgan_tricks import penalties

BATCH = 8
LATENT_DIM = 3
STEPS = 3
POINTS = np.random.default_rng(4).normal(1.0, 2.0, (200, 2)).astype("float32")
softplus = tf.math.softplus


class Family(NamedTuple):
    """A trainer, and the losses that its players minimize, of real and fake logits."""

    make: Callable
    d_loss: Callable
    g_loss: Callable
    discriminator_steps: int = 1
    generator_needs_real: bool = False
    r1: float = 0.0

    @property
    def batches_per_step(self):
        return self.discriminator_steps + self.generator_needs_real


FAMILIES = {
    "non_saturating": Family(
        trainers.NonSaturatingGAN,
        lambda r, f: tf.reduce_mean(softplus(-r)) + tf.reduce_mean(softplus(f)),
        lambda r, f: tf.reduce_mean(softplus(-f)),
    ),
    "least_squares": Family(
        lambda *networks, **kwargs: trainers.LSGAN(*networks, a=-1.0, c=0.5, **kwargs),
        lambda r, f: tf.reduce_mean((r - 1) ** 2 + (f + 1) ** 2) / 2,
        lambda r, f: tf.reduce_mean((f - 0.5) ** 2) / 2,
    ),
    "relativistic": Family(
        trainers.RelativisticGAN,
        lambda r, f: tf.reduce_mean(softplus(f - r)),
        lambda r, f: tf.reduce_mean(softplus(r - f)),
        generator_needs_real=True,
    ),
    "wasserstein": Family(
        lambda *networks, **kwargs: trainers.WGANGP(
            *networks, discriminator_steps=2, penalties=[penalties.R1(0.3)], **kwargs
        ),
        lambda r, f: tf.reduce_mean(f) - tf.reduce_mean(r),
        lambda r, f: -tf.reduce_mean(f),
        discriminator_steps=2,
        r1=0.3,
    ),
}


def networks(generator_layers=(), discriminator_layers=(), **dense):
    """Returns two networks, always with the same initial weights and seeds.

    Args:
        generator_layers: Functions that make layers to put into the generator.
        discriminator_layers: Functions that make layers of the discriminator.
        **dense: Options of the hidden layer of both.
    """
    keras.utils.set_random_seed(7)
    hidden = [keras.layers.Dense(6, "tanh", **dense) for _ in range(2)]
    generator = [hidden[0], *(make() for make in generator_layers)]
    discriminator = [hidden[1], *(make() for make in discriminator_layers)]
    return (
        keras.Sequential(
            [keras.layers.InputLayer((LATENT_DIM,)), *generator, keras.layers.Dense(2)]
        ),
        keras.Sequential(
            [keras.layers.InputLayer((2,)), *discriminator, keras.layers.Dense(1)]
        ),
    )


def trained_by_hand(family, pair, optimizers, steps=STEPS, batches=None):
    """Trains two networks as the trainer of a family should, step by step, eagerly."""
    generator, discriminator = pair
    g_optimizer, d_optimizer = optimizers
    if batches is None:
        batches = np.split(POINTS[: 8 * BATCH * (len(POINTS) // BATCH // 8)], 24)
    batches = iter(batches)
    for step in range(steps):
        reals = [next(batches) for _ in range(family.batches_per_step)]
        for index in range(family.discriminator_steps):
            real = tf.constant(reals[index])
            seed = folded(seed_of(f"discriminator {index}", step), 0)
            fake = generator(latents(len(real), seed), training=True)
            with tf.GradientTape() as tape:
                loss = discriminator_loss(family, discriminator, real, fake)
            descend(d_optimizer, discriminator, loss, tape)
        with tf.GradientTape() as tape:
            real = tf.constant(reals[-1])
            fake = generator(
                latents(len(real), seed_of("generator", step)), training=True
            )
            own = added(generator)
            real_logits = None
            if family.generator_needs_real:
                real_logits = discriminator(real, training=True)
            fake_logits = discriminator(fake, training=True)
            loss = family.g_loss(real_logits, fake_logits) + own
        descend(g_optimizer, generator, loss, tape)
    for optimizer, network in zip(optimizers, pair, strict=True):
        if getattr(optimizer, "use_ema", False):
            optimizer.finalize_variable_values(network.trainable_variables)


def discriminator_loss(family, discriminator, real, fake):
    real_logits = discriminator(real, training=True)
    own_of_real = added(discriminator, of_weights=False)
    fake_logits = discriminator(fake, training=True)
    own = own_of_real + added(discriminator)
    loss = family.d_loss(real_logits, fake_logits) + own
    if family.r1:
        with tf.GradientTape() as tape:
            tape.watch(real)
            total = tf.reduce_sum(discriminator(real, training=True))
        norms = tf.reduce_sum(tape.gradient(total, real) ** 2, axis=1)
        loss += family.r1 / 2 * tf.reduce_mean(norms)
    return loss


def added(network, of_weights=True):
    """Returns the sum of a network's own losses after a call of it."""
    total = tf.add_n([tf.zeros([]), *(tf.reduce_sum(loss) for loss in network.losses)])
    return total if of_weights else total - of_regularizers(network)


def of_regularizers(network):
    total = tf.zeros([])
    for layer in network.layers:
        for name in ("kernel", "bias"):
            regularizer = getattr(layer, f"{name}_regularizer", None)
            if regularizer is not None and layer.trainable:
                total += regularizer(tf.convert_to_tensor(getattr(layer, name)))
    return total


def descend(optimizer, network, loss, tape):
    variables = network.trainable_variables
    gradients = tape.gradient(loss, variables)
    optimizer.apply_gradients(zip(gradients, variables, strict=True))


def folded(seed, number):
    return tf.random.experimental.stateless_fold_in(seed, number)


def seed_of(tag, step):
    return folded(tf.constant([0, step], tf.int64), zlib.crc32(tag.encode()))


def latents(count, seed):
    return tf.random.stateless_normal([count, LATENT_DIM], seed=seed, alg="philox")


def trained(family, pair, optimizers, data=None, steps=STEPS, **options):
    """Returns the trainer of a family after some steps of `fit`."""
    trainer = family.make(*pair)
    trainer.compile(*optimizers, **options)
    if data is None:
        data = POINTS[: BATCH * steps * family.batches_per_step]
        trainer.fit(data, batch_size=BATCH, shuffle=False, verbose=0)
    else:
        trainer.fit(data, verbose=0)
    return trainer


def assert_trained_alike(family, make_networks, make_optimizers, **options):
    """Asserts that `fit` and training by hand give both networks the same weights."""
    trainer = trained(family, make_networks(), make_optimizers(), **options)
    pair = make_networks()
    start = [network.get_weights() for network in pair]
    trained_by_hand(family, pair, make_optimizers())
    ours = trainer.generator, trainer.discriminator
    for network, expected, initial in zip(ours, pair, start, strict=True):
        now = network.get_weights()
        assert any(np.any(a != b) for a, b in zip(now, initial, strict=True))
        for a, b in zip(now, expected.get_weights(), strict=True):
            np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-6)
    return trainer, start
