import json

import numpy as np
import pytest
import tensorflow as tf

from benchmarks import ablation
from tfgan_tricks import data
from tfgan_tricks import layers


def config_of(variant):
    tiny = {"width": 4, "latent_dim": 3, "batch_size": 8, "steps": 100}
    return ablation.BASE | ablation.VARIANTS[variant] | tiny | {"seed": 1}


def layer_types(network):
    return {type(layer) for layer in network._flatten_layers()}


def test_every_variant_differs_from_the_base_and_from_the_others():
    configs = [json.dumps(config_of(name)) for name in ablation.VARIANTS]
    assert len(set(configs)) == len(configs)


@pytest.mark.parametrize("variant", ablation.VARIANTS)
def test_a_variant_has_the_tricks_of_its_name(variant):
    trainer = ablation.trainer(config_of(variant))
    types = layer_types(trainer.generator) | layer_types(trainer.discriminator)
    assert (layers.VirtualBatchNorm in types) == ("-VBN" not in variant)
    assert (layers.MinibatchDiscrimination in types) == ("-MBD" not in variant)
    joint = "joint" in variant
    assert (layers.JointMinibatchDiscrimination in types) == joint
    assert trainer.joint_batch == joint
    histories = (trainer.generator_history, trainer.discriminator_history)
    assert all(histories) == any(histories) == ("+HA" in variant)
    assert (type(trainer).__name__ == "FeatureMatchingGAN") == ("+FM" in variant)
    label = trainer.adversarial_loss.config["real_label"]
    assert label == (1.0 if "-LS" in variant else 0.9)


def test_the_seed_decides_all_weights():
    def weights(seed):
        trainer = ablation.trainer(config_of("base") | {"seed": seed})
        return [w.numpy() for w in trainer.generator.weights]

    first, again, other = weights(1), weights(1), weights(2)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(first, other, strict=True))


def test_digit_score_of_one_digit_and_of_all():
    digits = data.load("digits8", split="test")
    pixels = digits.examples.reshape(len(digits.examples), -1) / 127.5 - 1.0
    one, many = pixels[digits.labels == 3][:1].repeat(50, 0), pixels
    np.testing.assert_allclose(ablation.digit_score(one), 1.0)
    assert 7.0 < ablation.digit_score(many) < 10.0


def scored(variant, seed, score):
    config = ablation.BASE | ablation.VARIANTS[variant] | {"seed": seed}
    scores = dict.fromkeys(ablation.SCORES, score)
    return {"variant": variant, "config": config, **scores}


def test_what_is_in_the_file_is_not_trained_again(tmp_path, monkeypatch):
    trained = []

    def measure(variant, config):
        trained.append((variant, config["seed"]))
        return scored(variant, config["seed"], 0.5)

    monkeypatch.setattr(ablation, "measure", measure)
    path = tmp_path / "results" / "ablation.json"
    ablation.train_missing(ablation.stored(path), [0], ["base", "-LS"], path)
    ablation.train_missing(ablation.stored(path), [0, 1], ["base", "+HA"], path)
    assert trained == [
        *(("base", 0), ("-LS", 0)),
        *(("+HA", 0), ("base", 1), ("+HA", 1)),
    ]
    assert len(ablation.stored(path)) == 5
    assert json.loads(path.read_text())["real"] == ablation.real()


def test_the_table_has_means_and_deviations():
    runs = [scored("base", seed, score) for seed, score in enumerate((1.0, 2.0, 6.0))]
    lines = ablation.table(runs).splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["real", "base"]
    assert lines[-1].split() == ["base", *["3.000", "+-", "2.646"] * 3]


def test_samples_are_pixels():
    samples = ablation.samples_of(config_of("-VBN-LS-MBD"))
    assert samples.shape == (1000, 64)
    assert np.all(np.abs(samples) <= 1.0) and tf.reduce_all(tf.math.is_finite(samples))
