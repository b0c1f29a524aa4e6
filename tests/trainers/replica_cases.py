"""Runs to compare on one and on two replicas.

Penalties, layers and options are spread over the trainers and losses, so that each of
them is in some case.
"""

from collections.abc import Callable
from typing import Any
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

import trainers
from tfgan_tricks import layers
from tfgan_tricks import networks
from tfgan_tricks import penalties

STEPS = 10
BATCH = 8
_random = np.random.default_rng(0)
POINTS = _random.normal(1.0, 2.0, (3 * STEPS * BATCH, 2)).astype("float32")
IMAGES = _random.uniform(-1, 1, (2 * STEPS * BATCH, 8, 8, 1)).astype("float32")
LABELS = np.arange(len(IMAGES)) % 3
FEW_LABELS = (IMAGES, (IMAGES[::-1], LABELS))


# Adam's first steps are the sign of the gradient where that is above epsilon, and turn
# the rounding of a zero into whole steps. A step changes by at most about
# learning_rate / epsilon times what the gradient does: here 0.1, as with SGD, for which
# the same tolerance is right.
ADAM = ("Adam", {"learning_rate": 1e-3, "beta_1": 0.5, "epsilon": 1e-2})


class Case(NamedTuple):
    """A function that makes a trainer, always with the same initial weights, and data.

    Each player gets an optimizer of that name and those arguments, and the trainer is
    compiled with both as often as `compilations` says.
    """

    make: Callable
    data: Any = POINTS
    optimizer: tuple = ("SGD", {"learning_rate": 0.1})
    steps_per_execution: int = 1
    compilations: int = 1


def plain(*norm):
    dense, tanh = keras.layers.Dense, keras.layers.Activation("tanh")
    return keras.Sequential([keras.Input((3,)), dense(6), *norm, tanh, dense(2)])


def normalized(synchronized=True):
    """Returns a generator with batch normalization, as in `networks`."""
    norm = keras.layers.BatchNormalization(momentum=0.9, synchronized=synchronized)
    return plain(norm)


def virtual():
    reference = np.random.default_rng(1).normal(size=(5, 3))
    network = plain(layers.VirtualBatchNorm())
    return layers.VirtualBatchNormalized(network, reference)


def of_points(cls, *stack, generator=plain, **arguments):
    """Returns a trainer on points, whose discriminator has the layers of `stack`."""

    def make():
        keras.utils.set_random_seed(1)
        first = keras.layers.Dense(5, "tanh", name="features")
        middle = [layer() for layer in stack]
        dense = [first, *middle, keras.layers.Dense(1)]
        judged = keras.Input((2 * arguments.get("packing", 1),))
        discriminator = keras.Sequential([judged, *dense])
        return cls(generator(), discriminator, **arguments)

    return make


def spectral():
    return layers.SpectralNormalization(keras.layers.Dense(4, "tanh"))


def weight_norm():
    return layers.WeightNormDense(4, "tanh")


# They take the four outputs of `weight_norm` as an image, down to one pixel and up.
weight_norm_convolutions = (
    lambda: keras.layers.Reshape((1, 2, 2)),
    lambda: layers.WeightNormConv2D(3, (1, 2), activation="tanh"),
    lambda: layers.WeightNormConv2DTranspose(2, 2, activation="tanh"),
    keras.layers.Flatten,
)


def noise():
    return layers.GaussianNoise(0.3, seed=4)


def dropout():
    return layers.Dropout(0.3, seed=5)


def batch_norm():
    return keras.layers.BatchNormalization(synchronized=True)


class Adding(keras.layers.Layer):
    """Adds to the losses a mean over the batch."""

    def call(self, inputs):
        self.add_loss(0.3 * tf.reduce_mean(inputs**4))
        return inputs

    def compute_output_shape(self, input_shape):
        return input_shape


def regularized():
    return keras.layers.Dense(
        4,
        "tanh",
        kernel_regularizer=keras.regularizers.L2(0.3),
        kernel_constraint=keras.constraints.MaxNorm(0.7),
    )


def comparison():
    return layers.MinibatchDiscrimination(3, 2)


def joint_comparison():
    return layers.JointMinibatchDiscrimination(3, 2)


def of_scales(**arguments):
    """Returns a discriminator with several outputs."""
    keras.utils.set_random_seed(1)
    points = keras.Input((2,))
    hidden = keras.layers.Dense(5, "tanh")(points)
    logits = [keras.layers.Dense(1)(hidden), keras.layers.Dense(3)(points)]
    logits[1] = keras.layers.Reshape((3, 1, 1))(logits[1])
    discriminator = keras.Model(points, logits)
    return trainers.RelativisticGAN(plain(), discriminator, **arguments)


def of_classes(**arguments):
    sizes = {"image_size": 8, "channels": 1, "width": 2, "num_classes": 4}
    generator = networks.dcgan_generator(**sizes, latent_dim=3, label_dim=5)
    discriminator = networks.dcgan_discriminator(**sizes, label_dim=5)
    return trainers.LSGAN(generator, discriminator, **arguments)


def of_few_labels(**arguments):
    dense = {"output_shape": (8, 8, 1), "latent_dim": 3, "hidden": (4,)}
    generator = networks.weight_norm_generator(**dense)
    discriminator = networks.weight_norm_classifier((8, 8, 1), 3, hidden=(5, 4))
    return trainers.SemiSupervisedGAN(generator, discriminator, **arguments)


CASES = {
    "minimax": Case(
        of_points(
            trainers.MinimaxGAN,
            noise,
            dropout,
            penalties=[penalties.DraganPenalty(0.5)],
            real_label=0.9,
        )
    ),
    "non_saturating": Case(
        of_points(
            trainers.NonSaturatingGAN,
            weight_norm,
            *weight_norm_convolutions,
            generator_history=0.3,
            discriminator_history=0.2,
        )
    ),
    "least_squares, by class": Case(lambda: of_classes(), (IMAGES, LABELS)),
    "wgan": Case(
        of_points(trainers.WGAN, generator=normalized, clip=0.4, discriminator_steps=2)
    ),
    "wgan_gp": Case(
        of_points(
            trainers.WGANGP,
            penalties=[penalties.InterpolatedGradientPenalty(0.5, every=3)],
            discriminator_steps=2,
            reuse_real_batch=True,
            seed=7,
        )
    ),
    "hinge": Case(
        of_points(
            trainers.HingeGAN,
            spectral,
            generator=normalized,
            discriminator_steps=2,
            ema_decay=0.8,
        )
    ),
    "r3_gan": Case(of_points(trainers.R3GAN, generator=virtual)),
    "relativistic_minimax": Case(
        of_points(trainers.RelativisticGAN, base="minimax", ema_decay=0.8)
    ),
    "relativistic_non_saturating": Case(
        of_points(trainers.RelativisticGAN, comparison, joint_batch=True)
    ),
    "relativistic_least_squares": Case(
        of_points(
            trainers.RelativisticGAN,
            layers.MinibatchStdDev,
            base="least_squares",
            penalties=[penalties.R1(0.1)],
        )
    ),
    "relativistic_hinge": Case(
        of_points(
            trainers.RelativisticGAN,
            spectral,
            base="hinge",
            penalties=[penalties.InterpolatedGradientPenalty(0.5, one_sided=True)],
            reuse_real_batch=True,
            reuse_fake_batch=True,
        )
    ),
    "relativistic_wasserstein": Case(
        of_points(trainers.RelativisticGAN, base="wasserstein")
    ),
    "relativistic_average_minimax": Case(
        of_points(
            trainers.RelativisticAverageGAN,
            joint_comparison,
            base="minimax",
            joint_batch=True,
        )
    ),
    "relativistic_average_non_saturating": Case(
        of_points(
            trainers.RelativisticAverageGAN,
            comparison,
            penalties=[penalties.ZeroCenteredInterpolated(0.1)],
            packing=2,
        )
    ),
    "relativistic_average_least_squares": Case(
        of_points(
            trainers.RelativisticAverageGAN,
            base="least_squares",
            schedule="simultaneous",
            packing=4,
        )
    ),
    "relativistic_average_hinge": Case(
        of_points(trainers.RelativisticAverageGAN, batch_norm, base="hinge")
    ),
    "relativistic_average_wasserstein": Case(
        of_points(
            trainers.RelativisticAverageGAN,
            base="wasserstein",
            discriminator_steps=2,
            discriminator_history=0.2,
        )
    ),
    "feature_matching": Case(
        of_points(
            trainers.FeatureMatchingGAN, comparison, features="features", distance="l1"
        )
    ),
    "semi_supervised": Case(
        lambda: of_few_labels(features="features", discriminator_ema_decay=0.8),
        FEW_LABELS,
    ),
    "semi_supervised, minimax": Case(
        lambda: of_few_labels(feature_matching=False),
        FEW_LABELS,
    ),
    "own losses and constraints, clipped norms, use_ema": Case(
        of_points(trainers.RelativisticGAN, regularized, noise, Adding),
        optimizer=(
            "SGD",
            {
                "learning_rate": 0.1,
                "momentum": 0.5,
                "clipnorm": 0.05,
                "use_ema": True,
                "ema_momentum": 0.7,
            },
        ),
    ),
    "global_clipnorm, both at once": Case(
        of_points(
            trainers.HingeGAN,
            regularized,
            spectral,
            Adding,
            generator=normalized,
            penalties=[penalties.R1(0.1)],
            schedule="simultaneous",
            discriminator_steps=1,
        ),
        optimizer=("SGD", {"learning_rate": 0.1, "global_clipnorm": 0.05}),
    ),
    "clipnorm, compiled twice": Case(
        of_points(trainers.NonSaturatingGAN),
        optimizer=("SGD", {"learning_rate": 0.1, "clipnorm": 0.05}),
        compilations=2,
    ),
    "parts of a batch": Case(
        of_points(
            trainers.HingeGAN,
            spectral,
            noise,
            generator=virtual,
            penalties=[penalties.InterpolatedGradientPenalty(0.5)],
            discriminator_steps=1,
            micro_batches=2,
        )
    ),
    "parts of a batch, both at once": Case(
        of_points(
            trainers.R3GAN, schedule="simultaneous", micro_batches=2, ema_decay=0.8
        ),
        steps_per_execution=2,
    ),
    "clipvalue": Case(
        of_points(trainers.WGAN, clip=0.4, discriminator_steps=2),
        optimizer=("SGD", {"learning_rate": 0.1, "clipvalue": 0.01}),
    ),
    "several outputs": Case(lambda: of_scales(penalties=[penalties.R1(0.1, every=2)])),
    "adam, steps_per_execution": Case(
        of_points(
            trainers.RelativisticAverageGAN,
            comparison,
            noise,
            penalties=[penalties.R2(0.2)],
            ema_decay=0.8,
        ),
        optimizer=ADAM,
        steps_per_execution=4,
    ),
}
# A penalty in a branch, where layers cannot draw the noise of all replicas.
LAZY = Case(of_points(trainers.LSGAN, noise, penalties=[penalties.R1(every=2)]))
# Batch normalization on each replica alone, which gives other results.
LOCAL = Case(
    of_points(trainers.LSGAN, generator=lambda: normalized(synchronized=False))
)
