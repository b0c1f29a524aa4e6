"""Saved trainers continue as if nothing had happened."""

import json

import keras
import numpy as np
import pytest

import trainers
from tests.trainers import toy
from tfgan_tricks import callbacks
from tfgan_tricks import losses
from tfgan_tricks import penalties

EVERY_TRAINER = pytest.mark.parametrize("cls", toy.ALL, ids=lambda cls: cls.__name__)
ARGUMENTS = {
    trainers.MinimaxGAN: {"real_label": 0.8},
    trainers.NonSaturatingGAN: {"real_label": 0.9},
    trainers.LSGAN: {"a": -1.0, "b": 1.0, "c": 0.0},
    trainers.WGAN: {"clip": 0.02},
    trainers.WGANGP: {"penalties": [penalties.InterpolatedGradientPenalty(3.0, True)]},
    trainers.HingeGAN: {"discriminator_steps": 2},
    trainers.RelativisticGAN: {"base": losses.non_saturating(real_label=0.9)},
    trainers.RelativisticAverageGAN: {"base": "least_squares"},
    trainers.FeatureMatchingGAN: {"distance": "l1", "base": "hinge"},
    trainers.SemiSupervisedGAN: {"real_label": 0.9, "discriminator_ema_decay": 0.7},
    trainers.R3GAN: {"penalties": [penalties.R1(0.5), penalties.DraganPenalty(0.1)]},
}


EAGER = {"run_eagerly": True}


def train(trainer, steps=2):
    batches = toy.endless(cls=type(trainer))
    trainer.fit(batches, steps_per_epoch=steps, verbose=0)
    return trainer


def assert_same_arguments(one, other):
    """Asserts equal arguments, except networks, which record how they were built."""
    configs = [one.get_config(), other.get_config()]
    for config in configs:
        del config["generator"], config["discriminator"]
    assert configs[0] == configs[1]
    assert one.penalties == other.penalties
    assert one.adversarial_loss.config == other.adversarial_loss.config


@EVERY_TRAINER
def test_saved_trainers_continue_identically(cls, tmp_path):
    arguments = {"ema_decay": 0.9, "seed": 7, **ARGUMENTS[cls]}
    trainer = train(toy.make(cls, EAGER, **arguments))
    trainer.save(tmp_path / "gan.keras")
    trainer.save_weights(tmp_path / "gan.weights.h5")
    from_keras = keras.models.load_model(tmp_path / "gan.keras")
    from_weights = toy.make(cls, EAGER, **arguments)
    from_weights.load_weights(tmp_path / "gan.weights.h5")
    assert type(from_keras) is cls
    assert_same_arguments(from_keras, trainer)
    train(trainer)
    for restored in (from_keras, from_weights):
        train(restored)
        assert int(restored.step.numpy()) == 4
        toy.assert_equal_weights(trainer, restored)


def test_historical_averages_are_saved_and_checkpointed(tmp_path):
    arguments = {"generator_history": 0.3, "discriminator_history": 0.2}
    trainer = toy.make(trainers.LSGAN, **arguments)
    saver = callbacks.Checkpoints(tmp_path / "checkpoints", every=3)
    trainer.fit(toy.endless(), steps_per_epoch=3, verbose=0, callbacks=[saver])
    trainer.save(tmp_path / "gan.keras")
    from_keras = keras.models.load_model(tmp_path / "gan.keras")
    assert_same_arguments(from_keras, trainer)
    from_checkpoint = toy.make(trainers.LSGAN, **arguments)
    callbacks.restore(from_checkpoint, tmp_path / "checkpoints")
    train(trainer)
    for restored in (from_keras, from_checkpoint):
        for history in (restored.generator_history, restored.discriminator_history):
            assert int(history.count.numpy()) == 3
        toy.assert_equal_weights(train(restored), trainer)


@EVERY_TRAINER
def test_config_is_json_and_keeps_every_argument(cls):
    trainer = toy.make(cls, ema_decay=0.9, seed=7, reuse_real_batch=True)
    config = json.loads(json.dumps(trainer.get_config()))
    again = cls.from_config(config)
    assert_same_arguments(again, trainer)


def test_optimizers_and_xla_are_restored(tmp_path):
    trainer = toy.make(
        trainers.LSGAN,
        {
            "generator_optimizer": keras.optimizers.Adam(0.02),
            "discriminator_optimizer": keras.optimizers.SGD(0.03, momentum=0.5),
            "jit_compile": True,
        },
    )
    trainer.save(tmp_path / "gan.keras")
    restored = keras.models.load_model(tmp_path / "gan.keras")
    np.testing.assert_allclose(restored.generator_optimizer.learning_rate, 0.02)
    assert restored.discriminator_optimizer.momentum == 0.5
    assert restored.jit_compile is True


def test_foreign_loss_cannot_be_saved():
    loss = losses.AdversarialLoss(lambda **_: 0.0, lambda **_: 0.0)
    trainer = trainers.RelativisticGAN(*toy.networks(), base=loss)
    with pytest.raises(ValueError, match="by name.*Received: loss=AdversarialLoss"):
        trainer.get_config()


def test_code_in_a_file_is_not_run_by_loading_it(tmp_path):
    """Averaging copies a network without safe mode, but only one that is loaded."""
    _, discriminator = toy.networks()
    doubled = keras.layers.Lambda(lambda x: 2.0 * x)
    layers = [keras.Input((3,)), keras.layers.Dense(2), doubled]
    generator = keras.Sequential(layers)
    trainer = trainers.LSGAN(generator, discriminator, ema_decay=0.9)
    trainer.compile()
    trainer.save(tmp_path / "gan.keras")
    generator.save(tmp_path / "generator.keras")
    for name in ("gan", "generator"):
        with pytest.raises(ValueError, match="safe_mode"):
            keras.saving.load_model(tmp_path / f"{name}.keras")
