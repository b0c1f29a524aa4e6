"""MinibatchDiscrimination against the formula in numpy, and its memory."""

import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests import finite_differences
from tfgan_tricks.layers import MinibatchDiscrimination


def normal(*shape, seed=1):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def built(features, num_kernels=3, kernel_dim=4, kind=MinibatchDiscrimination):
    layer = kind(num_kernels, kernel_dim)
    layer.build((None, features))
    layer.theta.assign(normal(*layer.theta.shape, seed=2))
    layer.log_scale.assign(normal(*layer.log_scale.shape, seed=3) - 1.0)
    return layer


def formula(f, theta, log_scale):
    """Computes the paper's sum in double precision, pair by pair, kernel by kernel."""
    kernel = np.exp(log_scale) * theta / np.sqrt(np.sum(theta**2, axis=0))
    m = np.einsum("na,abc->nbc", f, kernel)
    o = np.zeros(m.shape[:2])
    for i in range(len(f)):
        for j in range(len(f)):
            for b in range(m.shape[1]):
                o[i, b] += np.exp(-np.sum(np.abs(m[i, b] - m[j, b])))
    return o


def weights_of(layer):
    return [w.numpy().astype("float64") for w in (layer.theta, layer.log_scale)]


@pytest.mark.parametrize("batch", [1, 2, 7])
def test_similarities_match_the_formula_and_follow_the_features(batch):
    layer, f = built(5), normal(batch, 5)
    outputs = layer(f)
    np.testing.assert_array_equal(outputs[:, :5], f)
    np.testing.assert_allclose(outputs[:, 5:], formula(f, *weights_of(layer)), 1e-5)


def test_the_length_of_theta_does_not_matter():
    layer, f = built(5), normal(4, 5)
    expected = layer(f)
    layer.theta.assign(layer.theta * 37.0)
    np.testing.assert_allclose(layer(f), expected, rtol=1e-5)


def test_an_example_far_from_the_rest_is_similar_to_itself_only():
    f = normal(4, 5)
    f[2] += 1e6
    outputs = built(5)(f)
    np.testing.assert_array_equal(outputs[2, 5:], np.ones(3))


@pytest.mark.parametrize("run", [lambda f: f, tf.function], ids=["eager", "graph"])
def test_gradients_match_finite_differences_of_the_formula(run):
    layer, f, weights = built(3, 2, 3), normal(4, 3), normal(4, 2, seed=4)
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


def plain(f, theta, log_scale):
    """Computes the formula in double precision, with no regard for memory."""
    kernel = tf.exp(log_scale) * theta / tf.norm(theta, axis=0)
    m = tf.einsum("na,abc->nbc", f, kernel)
    distances = tf.reduce_sum(tf.abs(m[:, tf.newaxis] - m), axis=-1)
    return tf.reduce_sum(tf.exp(-distances), axis=1)


def derivatives(similarities, f, weights):
    """Returns a gradient penalty, its gradients, and their square norm's gradients."""
    with tf.GradientTape(persistent=True) as third:
        with tf.GradientTape(persistent=True) as second:
            with tf.GradientTape() as first:
                loss = tf.reduce_sum(tf.sin(similarities(f)))
            penalty = tf.reduce_sum(first.gradient(loss, f) ** 2)
        gradients = second.gradient(penalty, [f, *weights])
        norm = tf.add_n([tf.reduce_sum(g**2) for g in gradients])
    return [penalty, *gradients, *third.gradient(norm, [f, *weights])]


@pytest.mark.parametrize("run", [lambda f: f, tf.function], ids=["eager", "graph"])
def test_higher_derivatives_match_the_plain_formula(run):
    layer = built(5)
    weights = [layer.theta, layer.log_scale]
    f, *point = [tf.Variable(x) for x in (normal(4, 5), *weights_of(layer))]
    actual = run(lambda: derivatives(lambda f: layer(f)[:, 5:], f, weights))()
    f = tf.Variable(tf.cast(f, tf.float64))
    expected = derivatives(lambda f: plain(f, *point), f, point)
    for one, other in zip(actual, expected, strict=True):
        scale = np.abs(other).max()
        np.testing.assert_allclose(one / scale, other / scale, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("features", [4, 64, 4096])
@pytest.mark.parametrize("kernel_dim", [1, 5, 50])
def test_similarities_neither_vanish_nor_saturate_initially(features, kernel_dim):
    layer = MinibatchDiscrimination(8, kernel_dim)
    others = layer(normal(10, features))[:, features:] - 1.0
    closeness = np.mean(others, axis=0) / 9.0
    assert np.all(closeness > 0.05) and np.all(closeness < 0.95)


def test_adapt_brings_nearest_neighbors_to_a_mean_distance_of_one():
    layer, f = MinibatchDiscrimination(3, 4), 1000.0 * normal(9, 5)
    layer.adapt(f)
    theta, log_scale = weights_of(layer)
    kernel = np.exp(log_scale) * theta / np.linalg.norm(theta, axis=0)
    m = np.einsum("na,abc->nbc", f, kernel)
    distances = np.abs(m[:, None] - m).sum(axis=-1)
    distances[np.arange(9), np.arange(9)] = np.inf
    np.testing.assert_allclose(distances.min(axis=1).mean(axis=0), np.ones(3), 1e-4)
    np.testing.assert_allclose(np.ptp(log_scale, axis=1), 0.0, atol=1e-6)


@pytest.mark.parametrize("features", [np.ones([1, 3]), np.ones([4, 3])])
def test_adapt_refuses_features_without_distances(features):
    with pytest.raises(
        ValueError, match="`features` must .* Received: features.shape="
    ):
        MinibatchDiscrimination(2, 2).adapt(features)


def test_similarities_are_float32_under_mixed_precision():
    keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        layer = MinibatchDiscrimination(3, 4)
        f = tf.constant(normal(60, 5), tf.float16)
        outputs = layer(f)
    finally:
        keras.mixed_precision.set_global_policy("float32")
    assert outputs.dtype == tf.float32
    expected = formula(f.numpy().astype("float64"), *weights_of(layer))
    np.testing.assert_allclose(outputs[:, 5:], expected, rtol=1e-5)


@pytest.mark.parametrize("shape", [(4,), (4, 2, 3), (4, 2, 2, 3)])
def test_inputs_of_another_rank_are_refused_with_the_way_out(shape):
    with pytest.raises(ValueError, match="`Flatten` .* Received: inputs.shape="):
        MinibatchDiscrimination(2, 2)(tf.ones(shape))


@pytest.mark.parametrize("value", [0, -1, 2.0, True, None])
@pytest.mark.parametrize("name", ["num_kernels", "kernel_dim"])
def test_sizes_below_one_are_refused(name, value):
    with pytest.raises(ValueError, match=f"`{name}` must .* Received: {name}="):
        MinibatchDiscrimination(**{"num_kernels": 2, "kernel_dim": 2, name: value})


def test_an_initializer_with_a_seed_repeats():
    initializer = keras.initializers.RandomNormal(seed=3)
    layers = [MinibatchDiscrimination(2, 2, initializer) for _ in range(2)]
    f = normal(4, 5)
    np.testing.assert_array_equal(layers[0](f), layers[1](f))


# Prints the growth of the peak memory in units of batch ** 2 * num_kernels floats,
# first of the layer and then of the formula as it stands.
# The peak is read from /proc because a child's `ru_maxrss` starts at its parent's.
MEMORY = """
import re
import tensorflow as tf
from tfgan_tricks.layers import MinibatchDiscrimination

BATCH, KERNELS, DIM = 128, 32, 40

def plain(f):
    m = tf.reshape(f @ tf.ones([8, KERNELS * DIM]), [-1, KERNELS, DIM])
    distances = tf.reduce_sum(tf.abs(m[:, None] - m), axis=-1)
    return tf.reduce_sum(tf.exp(-distances), axis=1)

def penalty_gradient(similarities, f):
    with tf.GradientTape() as outer:
        outer.watch(f)
        with tf.GradientTape() as tape:
            tape.watch(f)
            loss = tf.reduce_sum(similarities(f))
        penalty = tf.reduce_sum(tape.gradient(loss, f) ** 2)
    return outer.gradient(penalty, f)

def peak(similarities, rows):
    f = tf.random.normal([rows, 8])
    penalty_gradient(similarities, f)
    tf.function(penalty_gradient)(similarities, f)
    status = open("/proc/self/status").read()
    return 1024 * int(re.search("VmHWM:\\s+([0-9]+)", status)[1])

ours = MinibatchDiscrimination(KERNELS, DIM)
start = max(peak(ours, 2), peak(plain, 2))
for similarities in (ours, plain):
    print((peak(similarities, BATCH) - start) / (4 * BATCH**2 * KERNELS))
"""


def test_memory_of_a_gradient_penalty_does_not_grow_with_the_kernel_dimension():
    command = [sys.executable, "-c", MEMORY]
    root = pathlib.Path(__file__).parents[2]
    output = subprocess.check_output(command, cwd=root, text=True)
    ours, plain = (float(line) for line in output.splitlines()[-2:])
    assert ours < 30 < 200 < plain
