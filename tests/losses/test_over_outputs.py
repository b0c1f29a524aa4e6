"""Losses of discriminators with several outputs, against sums by hand."""

import numpy as np
import pytest
import tensorflow as tf

from tests.losses.oracles import ORACLES
from tfgan_tricks.losses import AdversarialLoss
from tfgan_tricks.losses._over_outputs import summed

SCALES = [(6, 1), (6, 4, 4, 1), (6, 2, 2, 1)]
PLAYERS = ["discriminator", "generator"]


def logits(seed, low):
    random = np.random.default_rng(seed)
    return [random.uniform(low, 2.0, scale).astype("float32") for scale in SCALES]


REAL, FAKE = logits(0, -1.0), logits(1, -3.0)


def tensors(arrays, kind=list):
    return kind(tf.constant(array) for array in arrays)


def as_dict(values):
    return dict(zip(("fine", "coarse", "middle"), values, strict=True))


@pytest.mark.parametrize("kind", [list, tuple, as_dict])
@pytest.mark.parametrize("player", PLAYERS)
@pytest.mark.parametrize("name", ORACLES)
def test_losses_of_all_outputs_are_summed(name, player, kind):
    """Each compares the real and fake logits of one output only."""
    oracle = getattr(ORACLES[name], player)
    expected = sum(
        oracle(real.astype("f8"), fake.astype("f8"))
        for real, fake in zip(REAL, FAKE, strict=True)
    )
    value = summed(getattr(ORACLES[name].loss, player))(
        real_logits=tensors(REAL, kind), fake_logits=tensors(FAKE, kind)
    )
    assert value.shape == () and value.dtype == tf.float32
    np.testing.assert_allclose(value, expected, rtol=1e-5)


@pytest.mark.parametrize("name", ["non_saturating", "hinge", "wasserstein"])
def test_a_generator_that_needs_no_real_logits_gets_none(name):
    generator = summed(ORACLES[name].loss.generator)
    expected = sum(float(ORACLES[name].generator(None, fake)) for fake in FAKE)
    for real in ({}, {"real_logits": None}):
        value = generator(fake_logits=tensors(FAKE), **real)
        np.testing.assert_allclose(value, expected, rtol=1e-5)


def test_one_tensor_is_passed_on_unchanged():
    seen = []

    def spy(**logits):
        seen.append(logits)
        return tf.constant(7.0)

    real, fake = tf.constant(REAL[0]), tf.constant(FAKE[0])
    assert float(summed(spy)(real_logits=real, fake_logits=fake)) == 7.0
    assert float(summed(spy)(real_logits=None, fake_logits=fake)) == 7.0
    assert seen[0]["real_logits"] is real and seen[0]["fake_logits"] is fake
    assert seen[1]["real_logits"] is None and seen[1]["fake_logits"] is fake


def test_gradients_reach_every_output():
    fakes = tensors(FAKE)
    with tf.GradientTape() as tape:
        tape.watch(fakes)
        value = summed(ORACLES["wasserstein"].loss.generator)(fake_logits=fakes)
    for gradient, fake in zip(tape.gradient(value, fakes), fakes, strict=True):
        np.testing.assert_allclose(gradient, -np.ones(fake.shape) / np.size(fake))


def test_compiled_equals_eager():
    loss = summed(ORACLES["relativistic_average_hinge"].loss.discriminator)
    arguments = {"real_logits": tensors(REAL), "fake_logits": tensors(FAKE)}
    compiled = tf.function(lambda **logits: loss(**logits))(**arguments)
    np.testing.assert_allclose(compiled, loss(**arguments), rtol=1e-6)


@pytest.mark.parametrize(
    ("real", "fake", "received"),
    [
        (tensors(REAL[:2]), tensors(FAKE), r"real_logits of shape \['\(6, 1\)', .*"),
        (tensors(REAL)[0], tensors(FAKE), r"real_logits of shape \(6, 1\), fake.*"),
        (tensors(REAL), tensors(FAKE)[0], r".*, fake_logits of shape \(6, 1\)"),
        (as_dict(tensors(REAL)), tensors(FAKE), "real_logits of shape {'fine'.*"),
        ({"a": REAL[0]}, {"b": FAKE[0]}, "real_logits of shape {'a'.*"),
        ([], [], r"real_logits of shape \[\], fake_logits of shape \[\]"),
    ],
)
def test_real_and_fake_must_have_the_same_outputs(real, fake, received):
    loss: AdversarialLoss = ORACLES["hinge"].loss
    with pytest.raises(ValueError, match=f"the same outputs.*Received: {received}$"):
        summed(loss.discriminator)(real_logits=real, fake_logits=fake)
