"""The Dirac-GAN: two scalars, whose training steps can be worked out by hand.

The generator always gives theta, the discriminator is C(x) = psi x, and all real data
lie at one point, here not at zero, so that no term drops out (Mescheder et al., 2018).
"""

import keras
import numpy as np
import tensorflow as tf

import trainers
from tests.trainers import toy
from tfgan_tricks import penalties

REAL = 0.5
LEARNING_RATE = 0.2


@keras.saving.register_keras_serializable("tests")
class Scalar(keras.layers.Layer):
    """Gives its one weight, whatever the input."""

    def __init__(self, value, **kwargs):
        super().__init__(**kwargs)
        self.value = value

    def build(self, input_shape):
        start = keras.initializers.Constant(self.value)
        self.theta = self.add_weight(name="theta", shape=(1,), initializer=start)
        self.built = True

    def call(self, inputs):
        return 0.0 * inputs + self.theta

    def get_config(self):
        return super().get_config() | {"value": self.value}


def make(cls, theta=-0.8, psi=1.2, **kwargs):
    generator = keras.Sequential([keras.Input((1,)), Scalar(theta)])
    kernel = keras.initializers.Constant(psi)
    discriminator = keras.Sequential(
        [
            keras.Input((1,)),
            keras.layers.Dense(1, use_bias=False, kernel_initializer=kernel),
        ]
    )
    if cls in toy.REQUIRED:
        kwargs["features"] = discriminator.layers[-1].name
    trainer = cls(generator, discriminator, **kwargs)
    trainer.compile(
        keras.optimizers.SGD(LEARNING_RATE), keras.optimizers.SGD(LEARNING_RATE)
    )
    return trainer


def state(trainer):
    theta, psi = trainer.generator.weights[0], trainer.discriminator.weights[0]
    return np.array([theta.numpy().item(), psi.numpy().item()])


def train(trainer, steps, batch_size=4):
    real = tf.fill([steps * trainer.batches_per_step * batch_size, 1], REAL)
    if isinstance(trainer, trainers.SemiSupervisedGAN):
        # With one class there is nothing to learn from labels.
        labeled = (3.0 * real, tf.zeros(len(real), tf.int64))
        real = tf.data.Dataset.from_tensor_slices((real, labeled)).batch(batch_size)
        batch_size = None
    trainer.fit(real, batch_size=batch_size, shuffle=False, verbose=0)
    return state(trainer)


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def step(x):
    return float(x > 0)


# Derivatives of L_D by the real and by the fake logit, and of L_G by the fake logit, as
# functions of both logits; worked out by hand from each paper's formulas.
CROSS_ENTROPY = (lambda r, f: -sigmoid(-r), lambda r, f: sigmoid(f))
RSGAN = (
    lambda r, f: -sigmoid(f - r),
    lambda r, f: sigmoid(f - r),
    lambda r, f: -sigmoid(r - f),
)
GAMES = {
    trainers.MinimaxGAN: (*CROSS_ENTROPY, lambda r, f: -sigmoid(f)),
    trainers.NonSaturatingGAN: (*CROSS_ENTROPY, lambda r, f: -sigmoid(-f)),
    trainers.LSGAN: (lambda r, f: r - 1, lambda r, f: f, lambda r, f: f - 1),
    trainers.WGAN: (lambda r, f: -1.0, lambda r, f: 1.0, lambda r, f: -1.0),
    trainers.WGANGP: (lambda r, f: -1.0, lambda r, f: 1.0, lambda r, f: -1.0),
    trainers.HingeGAN: (
        lambda r, f: -step(1 - r),
        lambda r, f: step(1 + f),
        lambda r, f: -1.0,
    ),
    trainers.RelativisticGAN: RSGAN,
    # With all logits of a kind equal, both terms of RaSGAN are RSGAN's one.
    trainers.RelativisticAverageGAN: tuple(
        lambda r, f, slope=slope: 2.0 * slope(r, f) for slope in RSGAN
    ),
    trainers.R3GAN: RSGAN,
    trainers.FeatureMatchingGAN: (*CROSS_ENTROPY, lambda r, f: 2 * (f - r)),
    trainers.SemiSupervisedGAN: (
        lambda r, f: -sigmoid(-r) / 2,
        lambda r, f: sigmoid(f) / 2,
        lambda r, f: 2 * (f - r),
    ),
}
# Derivatives of the penalties by psi. The gradient of C is psi everywhere.
SLOPES = {
    penalties.InterpolatedGradientPenalty: lambda w, psi: (
        2 * w * (abs(psi) - 1) * np.sign(psi)
    ),
    penalties.DraganPenalty: lambda w, psi: 2 * w * (abs(psi) - 1) * np.sign(psi),
    penalties.ZeroCenteredInterpolated: lambda w, psi: 2 * w * psi,
    penalties.R1: lambda w, psi: w * psi,
    penalties.R2: lambda w, psi: w * psi,
}


def recursion(
    cls,
    steps,
    discriminator_steps,
    used_penalties=(),
    clip=None,
    histories=(0.0, 0.0),
    simultaneous=False,
):
    """Returns theta and psi after `steps`; `histories` are the weights of G and D."""
    by_real, by_fake, generator = GAMES[cls]
    theta, psi = -0.8, 1.2
    thetas, psis = [theta], [psi]
    for done in range(steps):
        judge = psi
        for _ in range(discriminator_steps):
            real, fake = psi * REAL, psi * theta
            slope = by_real(real, fake) * REAL + by_fake(real, fake) * theta
            slope += sum(
                p.every * SLOPES[type(p)](p.weight, psi)
                for p in used_penalties
                if done % p.every == 0
            )
            slope += 2 * histories[1] * (psi - np.mean(psis))
            psi -= LEARNING_RATE * slope
            if clip is not None:
                psi = np.clip(psi, -clip, clip)
            psis.append(psi)
        judge = judge if simultaneous else psi
        slope = generator(judge * REAL, judge * theta) * judge
        theta -= LEARNING_RATE * (slope + 2 * histories[0] * (theta - np.mean(thetas)))
        thetas.append(theta)
    return np.array([theta, psi])
