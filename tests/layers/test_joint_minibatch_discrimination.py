"""Joint minibatch discrimination against its formula, pair by pair, in numpy."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests import finite_differences
from tests.layers.test_minibatch_discrimination import built as built_layer
from tests.layers.test_minibatch_discrimination import normal
from tests.layers.test_minibatch_discrimination import weights_of
from tfgan_tricks.layers import JointMinibatchDiscrimination
from tfgan_tricks.layers import MinibatchDiscrimination

built = functools.partial(built_layer, kind=JointMinibatchDiscrimination)


def formula(f, theta, log_scale):
    """Returns mean similarities to the real and the fake half, in double precision."""
    kernel = np.exp(log_scale) * theta / np.sqrt(np.sum(theta**2, axis=0))
    m = np.einsum("na,abc->nbc", f, kernel)
    middle = len(f) // 2
    halves = range(middle), range(middle, len(f))
    o = np.zeros((len(f), 2, m.shape[1]))
    for i in range(len(f)):
        for which, half in enumerate(halves):
            others = [j for j in half if j != i]
            for j in others:
                for b in range(m.shape[1]):
                    distance = np.sum(np.abs(m[i, b] - m[j, b]))
                    o[i, which, b] += np.exp(-distance) / len(others)
    return o.reshape(len(f), -1)


@pytest.mark.parametrize("batch", [1, 2, 4, 5, 8])
def test_similarities_match_the_formula_and_follow_the_features(batch):
    layer, f = built(5), normal(batch, 5)
    outputs = layer(f)
    np.testing.assert_array_equal(outputs[:, :5], f)
    expected = formula(f, *weights_of(layer))
    np.testing.assert_allclose(outputs[:, 5:], expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("run", [lambda f: f, tf.function], ids=["eager", "graph"])
def test_gradients_match_finite_differences_of_the_formula(run):
    layer, f, weights = built(3, 2, 3), normal(4, 3), normal(4, 4, seed=4)
    point = [f.astype("float64"), *weights_of(layer)]

    @run
    def gradients(f):
        with tf.GradientTape() as tape:
            tape.watch(f)
            loss = tf.reduce_sum(layer(f)[:, 3:] * weights)
        return tape.gradient(loss, [f, layer.theta, layer.log_scale])

    slopes = finite_differences.gradients(
        lambda *moved: np.sum(formula(*moved) * weights), point
    )
    for gradient, expected in zip(gradients(tf.constant(f)), slopes, strict=True):
        np.testing.assert_allclose(gradient, expected, rtol=1e-3, atol=1e-5)


def test_each_half_follows_from_the_separate_mode():
    """The separate layer sums over a half and adds 1 for the example itself."""
    real, fake = normal(4, 5), normal(4, 5, seed=9)
    joint, alone = built(5), built(5, kind=MinibatchDiscrimination)
    both = joint(np.concatenate([real, fake]))[:, 5:]
    own = [(alone(half)[:, 5:] - 1.0) / 3.0 for half in (real, fake)]
    np.testing.assert_allclose(both[:4, :3], own[0], rtol=1e-4)
    np.testing.assert_allclose(both[4:, 3:], own[1], rtol=1e-4)


def test_the_order_within_a_half_does_not_matter_and_the_halves_do():
    layer, f = built(5), normal(6, 5)
    outputs = layer(f).numpy()
    order = [2, 0, 1, 5, 3, 4]
    # Sums that include an example's 1 are rounded to 6e-8 before it is subtracted.
    close = {"rtol": 1e-5, "atol": 1e-7}
    np.testing.assert_allclose(layer(f[order]), outputs[order], **close)
    exchanged = layer(f[[3, 4, 5, 0, 1, 2]]).numpy()[[3, 4, 5, 0, 1, 2]]
    np.testing.assert_allclose(exchanged[:, 5:8], outputs[:, 8:], **close)
    assert np.all(np.abs(exchanged[:, 5:8] - outputs[:, 5:8]) > 1e-4)


def test_alike_examples_have_similarity_one_whatever_the_batch():
    for batch in (4, 10, 64):
        np.testing.assert_allclose(built(5)(tf.ones([batch, 5]))[:, 5:], 1.0)


def test_similarities_are_float32_under_mixed_precision():
    keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        layer = built(5)
        f = tf.constant(normal(60, 5), tf.float16)
        outputs = layer(f)
    finally:
        keras.mixed_precision.set_global_policy("float32")
    assert outputs.dtype == tf.float32
    expected = formula(f.numpy().astype("float64"), *weights_of(layer))
    np.testing.assert_allclose(outputs[:, 5:], expected, rtol=1e-4, atol=1e-6)


def test_adapt_matches_the_separate_mode():
    f = 1000.0 * normal(9, 5)
    kinds = JointMinibatchDiscrimination, MinibatchDiscrimination
    layers = [built(5, kind=kind) for kind in kinds]
    before = layers[0].log_scale.numpy()
    for layer in layers:
        layer.adapt(f)
    scales = [layer.log_scale.numpy() for layer in layers]
    np.testing.assert_array_equal(*scales)
    assert np.all(scales[0] != before)


@pytest.mark.parametrize("shape", [(4,), (4, 2, 3), (4, 2, 2, 3)])
def test_inputs_of_another_rank_are_refused_with_the_way_out(shape):
    with pytest.raises(ValueError, match="`Flatten` .* Received: inputs.shape="):
        JointMinibatchDiscrimination(2, 2)(tf.ones(shape))
