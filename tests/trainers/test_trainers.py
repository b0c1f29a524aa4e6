"""Properties of every trainer, apart from its formulas."""

import keras
import numpy as np
import pytest

import trainers
from tests.trainers import toy
from tfgan_tricks import layers
from tfgan_tricks import losses
from tfgan_tricks import penalties

EVERY_TRAINER = pytest.mark.parametrize("cls", toy.ALL, ids=lambda cls: cls.__name__)


def snapshot(network):
    return [variable.numpy() for variable in network.trainable_variables]


def differ(before, after):
    return any(np.any(a != b) for a, b in zip(before, after, strict=True))


PAPER_DEFAULTS = {
    trainers.MinimaxGAN: (1, 2e-4, {"beta_1": 0.5}),
    trainers.NonSaturatingGAN: (1, 2e-4, {"beta_1": 0.5}),
    trainers.LSGAN: (1, 2e-4, {"beta_1": 0.5}),
    trainers.WGAN: (5, 5e-5, {"rho": 0.9}),
    trainers.WGANGP: (5, 1e-4, {"beta_1": 0.0, "beta_2": 0.9}),
    trainers.HingeGAN: (5, 2e-4, {"beta_1": 0.0, "beta_2": 0.9}),
    trainers.RelativisticGAN: (1, 2e-4, {"beta_1": 0.5, "beta_2": 0.999}),
    trainers.RelativisticAverageGAN: (1, 2e-4, {"beta_1": 0.5, "beta_2": 0.999}),
    trainers.R3GAN: (1, 2e-4, {"beta_1": 0.0, "beta_2": 0.99}),
    trainers.FeatureMatchingGAN: (1, 2e-4, {"beta_1": 0.5, "beta_2": 0.999}),
    trainers.SemiSupervisedGAN: (1, 3e-3, {"beta_1": 0.5, "epsilon": 1e-4}),
}


@EVERY_TRAINER
def test_defaults_are_the_papers(cls):
    trainer = cls(*toy.networks(), **toy.REQUIRED.get(cls, {}))
    trainer.compile()
    discriminator_steps, learning_rate, others = PAPER_DEFAULTS[cls]
    assert trainer.discriminator_steps == discriminator_steps
    optimizers = trainer.generator_optimizer, trainer.discriminator_optimizer
    assert optimizers[0] is not optimizers[1]
    for optimizer in optimizers:
        np.testing.assert_allclose(optimizer.learning_rate, learning_rate, rtol=1e-6)
        for name, value in others.items():
            assert getattr(optimizer, name) == value


@EVERY_TRAINER
def test_each_update_moves_only_its_own_player(cls):
    trainer = toy.make(cls)
    real = toy.batch(8)
    generator, discriminator = trainer.generator, trainer.discriminator
    before = snapshot(generator), snapshot(discriminator)
    trainer.update_discriminator(real)
    between = snapshot(generator), snapshot(discriminator)
    trainer.update_generator(real)
    after = snapshot(generator), snapshot(discriminator)
    assert not differ(before[0], between[0])
    assert differ(before[1], between[1])
    assert differ(between[0], after[0])
    assert not differ(between[1], after[1])


def test_batch_statistics_are_of_training():
    trainer = toy.make(trainers.LSGAN)
    moving_mean = trainer.generator.layers[-2].moving_mean
    assert not np.any(moving_mean.numpy())
    trainer.fit(toy.endless(), steps_per_epoch=1, verbose=0)
    assert np.all(moving_mean.numpy() != 0)


def test_averaged_generator_follows_the_recursion():
    trainer = toy.make(trainers.LSGAN, ema_decay=0.75)
    start = snapshot(trainer.generator)
    expected = start
    for _ in range(3):
        trainer.fit(toy.endless(), steps_per_epoch=1, verbose=0)
        now = snapshot(trainer.generator)
        expected = [0.75 * e + 0.25 * n for e, n in zip(expected, now, strict=True)]
    for a, b in zip(snapshot(trainer.ema_generator), expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7)
    assert differ(start, expected)
    statistics = [
        [weight.numpy() for weight in network.non_trainable_weights]
        for network in (trainer.generator, trainer.ema_generator)
    ]
    for a, b in zip(*statistics, strict=True):
        np.testing.assert_array_equal(a, b)
    assert trainer.sampling_generator is trainer.ema_generator


def test_singular_vector_moves_once_per_own_update():
    spectral = layers.SpectralNormalization
    generator = keras.Sequential([keras.Input((3,)), spectral(keras.layers.Dense(2))])
    discriminator = keras.Sequential(
        [keras.Input((2,)), spectral(keras.layers.Dense(4)), keras.layers.Dense(1)]
    )
    trainer = trainers.R3GAN(generator, discriminator, discriminator_steps=2)
    trainer.compile()
    inner, outer = discriminator.layers[0], generator.layers[0]
    for layer in (inner, outer):  # Far from the singular vector, so that steps show.
        layer.u.assign(np.eye(1, layer.u.shape[-1])[None, 0])

    def one_iteration(kernel, u):
        v = kernel @ u
        u = kernel.T @ (v / np.linalg.norm(v))
        return u / np.linalg.norm(u)

    real = toy.batch(8)
    before = inner.layer.kernel.numpy(), np.ravel(inner.u.numpy())
    theirs = outer.u.numpy()
    trainer.update_discriminator(real)
    np.testing.assert_allclose(
        np.ravel(inner.u.numpy()), one_iteration(*before), rtol=1e-4, atol=1e-6
    )
    np.testing.assert_array_equal(outer.u.numpy(), theirs)
    ours = inner.u.numpy()
    trainer.update_generator(real)
    np.testing.assert_array_equal(inner.u.numpy(), ours)
    np.testing.assert_allclose(
        np.ravel(outer.u.numpy()),
        one_iteration(outer.layer.kernel.numpy(), np.ravel(theirs)),
        rtol=1e-2,  # The kernel has moved since.
    )


def test_wgan_keeps_its_critic_clipped():
    trainer = toy.make(trainers.WGAN, clip=0.03)
    trainer.fit(toy.endless(), steps_per_epoch=2, verbose=0)
    largest = max(np.abs(w).max() for w in snapshot(trainer.discriminator))
    assert largest == np.float32(0.03)


def latents_seen(trainer, steps):
    """Returns the latents of every update, from a generator that keeps them."""
    seen = toy.spied(trainer)
    trainer.fit(toy.endless(), steps_per_epoch=steps, verbose=0)
    return np.stack(seen)


def test_latents_are_fresh_normal_and_a_function_of_seed_and_step():
    def run(seed, steps=2):
        trainer = toy.make(
            trainers.WGANGP, {"run_eagerly": True}, seed=seed, discriminator_steps=2
        )
        return latents_seen(trainer, steps)

    first = run(seed=5, steps=8)
    assert first.shape == (24, 8, 3)
    assert len(np.unique(first)) == first.size
    np.testing.assert_allclose(first.mean(), 0.0, atol=0.13)
    np.testing.assert_allclose(first.std(), 1.0, atol=0.1)
    np.testing.assert_array_equal(run(seed=5), first[:6])
    assert np.all(run(seed=6) != first[:6])


def test_attributes_do_not_hide_attributes_of_keras():
    trainer = toy.make(trainers.R3GAN, ema_decay=0.5)
    meant = {
        "build", "built", "call", "compile", "compile_from_config", "fit",
        "from_config", "get_compile_config", "get_config", "metrics", "train_step",
        "optimizer",
    }  # fmt: skip
    ours = set(dir(trainers.AdversarialTrainer)) - set(dir(keras.Model))
    own = {name for name in vars(trainers.AdversarialTrainer) if name[0] != "_"}
    own |= {name for name in ("step", "seed", "penalties", "trackers", "generator")}
    assert own - meant <= ours | {"step", "seed", "penalties", "trackers", "generator"}
    assert not {"step", "seed", "penalties", "trackers"} & set(dir(keras.Model))
    assert trainer.built


def test_the_base_cannot_be_instantiated():
    with pytest.raises(TypeError, match="abstract"):
        trainers.AdversarialTrainer(*toy.networks(), loss=losses.hinge())


@EVERY_TRAINER
def test_trainers_are_final_and_override_only_the_step(cls):
    (parent,) = cls.__bases__
    shares = parent.__module__.startswith("trainers._")
    assert (parent.__base__ if shares else parent) is trainers.AdversarialTrainer
    overridden = {name for name in vars(cls) if callable(vars(cls)[name])}
    assert "train_step" in overridden
    meant = {"__init__", "get_config", "generator_objective", "read"}
    meant |= {"loss_factory", "constrain_discriminator"}
    if cls is trainers.SemiSupervisedGAN:  # It takes other data, and it classifies.
        meant |= {"arrange", "real_batches", "discriminator_objective", "critic"}
        meant |= {"class_logits", "test_step", "predict_step", "_classes"}
        meant |= {"_logits_of"}
    assert overridden - {"train_step"} <= meant


shared = keras.optimizers.SGD()
NO_INPUT_SHAPE = keras.Sequential([keras.layers.Dense(2)])
R1 = penalties.R1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: toy.make(trainers.LSGAN, discriminator_steps=0), "_steps=0"),
        (lambda: toy.make(trainers.LSGAN, ema_decay=1.0), "ema_decay=1.0"),
        (lambda: toy.make(trainers.LSGAN, ema_decay=-0.1), "ema_decay=-0.1"),
        (lambda: toy.make(trainers.LSGAN, penalties=[R1(), R1()]), "'r1', 'r1'"),
        (lambda: toy.make(trainers.WGAN, clip=0.0), "clip=0.0"),
        (lambda: toy.make(trainers.LSGAN, output_range=255), "output_range=255"),
        (
            lambda: toy.make(trainers.LSGAN, output_range=(0, float("inf"))),
            r"output_range=\(0, inf\)",
        ),
        (
            lambda: toy.make(trainers.RelativisticGAN, base="hing"),
            "'relativistic_hing'",
        ),
        (
            lambda: trainers.LSGAN(NO_INPUT_SHAPE, toy.networks()[1]),
            "generator.input_shape",
        ),
        (
            lambda: toy.make(
                trainers.LSGAN,
                {"generator_optimizer": shared, "discriminator_optimizer": shared},
            ),
            "for both",
        ),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=f"Received.*{message}|{message}.*Received"):
        call()
