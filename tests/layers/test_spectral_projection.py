"""The projection mode of SpectralNormalization against the layers that project."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests import addons
from tfgan_tricks import _compat
from tfgan_tricks import layers
from tfgan_tricks.layers import SpectralNormalization

# Name: the layer, and the shape of its inputs.
KINDS = {
    "dense": (lambda: keras.layers.Dense(4), (3, 5)),
    "dense_tanh": (lambda: keras.layers.Dense(3, activation="tanh"), (3, 5)),
    "conv2d": (lambda: keras.layers.Conv2D(3, (2, 3), padding="same"), (2, 5, 4, 2)),
    "embedding": (lambda: keras.layers.Embedding(6, 3), (4,)),
}


def inputs_for(kind):
    shape = KINDS[kind][1]
    if kind == "embedding":
        return tf.constant([5, 0, 2, 5])
    return tf.constant(np.random.default_rng(1).normal(size=shape), tf.float32)


def theirs(kind, power_iterations):
    """Returns the layer of Addons 0.23, or of Keras 3.15 if Addons is missing."""
    if _compat.KERAS_3:
        module = keras.layers
    else:
        module = addons.imported().layers
    return module.SpectralNormalization(KINDS[kind][0](), power_iterations)


def u_of(layer):
    return layer.vector_u if _compat.KERAS_3 else layer.u


def pair(kind, power_iterations):
    """Returns their layer and ours, with the same weights and the same u."""
    rng = np.random.default_rng(2)
    one, other = theirs(kind, power_iterations), ours(kind, power_iterations)
    for layer in (one, other):
        layer(inputs_for(kind))
    for a, b in zip(one.layer.weights, other.layer.weights, strict=True):
        a.assign(rng.normal(size=a.shape))
        b.assign(a)
    other.u.assign(u_of(one))
    return one, other


def ours(kind, power_iterations=1):
    return SpectralNormalization(
        KINDS[kind][0](), power_iterations=power_iterations, mode="project"
    )


def steps_of(layer, kind, count=5):
    """Outputs of training and inference calls, and all weights, after each step."""
    weights = layer.layer.weights

    @tf.function
    def step(inputs):
        with tf.GradientTape() as tape:
            outputs = layer(inputs, training=True)
            loss = tf.reduce_mean(tf.sin(outputs))
        gradients = tape.gradient(loss, weights)
        for weight, gradient in zip(weights, gradients, strict=True):
            weight.assign_sub(0.1 * tf.convert_to_tensor(gradient))
        return outputs

    for _ in range(count):
        outputs = step(inputs_for(kind)).numpy()
        inference = layer(inputs_for(kind), training=False).numpy()
        yield [outputs, inference, *(weight.numpy() for weight in weights)]


@pytest.mark.parametrize("power_iterations", [1, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_training_steps_match_the_layers_that_project(kind, power_iterations):
    if kind == "embedding" and _compat.KERAS_3:
        pytest.skip("Keras 3.15's layer casts its outputs to the type of its inputs")
    layers_ = pair(kind, power_iterations)
    start = layers_[0].layer.weights[0].numpy()
    for theirs_, ours_ in zip(*(steps_of(x, kind) for x in layers_), strict=True):
        for a, b in zip(theirs_, ours_, strict=True):
            np.testing.assert_allclose(b, a, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(layers_[1].u, u_of(layers_[0]), rtol=1e-5, atol=1e-6)
    assert np.abs(start - layers_[1].layer.weights[0].numpy()).max() > 0.1


def test_the_kernel_is_overwritten_once_in_a_step_and_only_in_training():
    layer = ours("dense")
    layer(inputs_for("dense"))
    kernel = layer.layer.kernel
    kernel.assign(5.0 * tf.convert_to_tensor(kernel))
    before = kernel.numpy()
    layer(inputs_for("dense"))
    np.testing.assert_array_equal(kernel.numpy(), before)
    np.testing.assert_array_equal(layer.normalized_kernel(), before)
    with layers.updates_once():
        layer(inputs_for("dense"), training=True)
        once = kernel.numpy()
        assert np.linalg.norm(once, ord=2) < 1.05
        layer(inputs_for("dense"), training=True)
    np.testing.assert_array_equal(kernel.numpy(), once)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_the_kernel_is_not_rounded_in_half_precision(policy):
    layer = SpectralNormalization(keras.layers.Dense(4, dtype=policy), mode="project")
    assert layer(inputs_for("dense"), training=True).dtype == policy[len("mixed_") :]
    kernel = layer.layer.kernel.numpy()
    rounded = tf.cast(tf.cast(kernel, policy[len("mixed_") :]), "float32")
    assert kernel.dtype == "float32" and np.mean(rounded == kernel) < 0.2


def test_a_kernel_of_zeros_stays_one():
    layer = ours("dense")
    layer(inputs_for("dense"))
    layer.layer.kernel.assign(np.zeros((5, 4)))
    np.testing.assert_array_equal(layer(inputs_for("dense"), training=True), 0.0)
    np.testing.assert_array_equal(layer.layer.kernel.numpy(), 0.0)


def test_the_mode_is_saved():
    config = ours("dense").get_config()
    assert SpectralNormalization.from_config(config).mode == "project"
    assert SpectralNormalization(keras.layers.Dense(1)).mode == "divide"


def test_other_modes_are_refused():
    with pytest.raises(ValueError, match="divide, project.*Received: mode='proyect'"):
        SpectralNormalization(keras.layers.Dense(1), mode="proyect")
