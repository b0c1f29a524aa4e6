"""VirtualBatchNorm against numpy's batch statistics of the reference and an example."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_tricks.layers import VirtualBatchNorm
from tfgan_tricks.layers import VirtualBatchNormalized

SHAPES = {"rank_2": (3,), "rank_3": (5, 3), "rank_4": (4, 2, 3)}
every_shape = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)


def normal(*shape, mean=0.0, seed=1):
    values = np.random.default_rng(seed).normal(mean, 2.0, size=shape)
    return values.astype("float32")


def only_normalized(reference, **kwargs):
    layers = [keras.Input(reference.shape[1:]), VirtualBatchNorm(**kwargs)]
    return VirtualBatchNormalized(keras.Sequential(layers), reference)


def convolutional(reference, norm=VirtualBatchNorm):
    """Returns a small generator of 4x4 images from 6 latent numbers, weights fixed."""
    network = keras.Sequential(
        [
            keras.Input((6,)),
            keras.layers.Dense(2 * 2 * 4),
            keras.layers.Reshape((2, 2, 4)),
            norm(),
            keras.layers.ReLU(),
            keras.layers.Conv2DTranspose(3, 4, 2, padding="same"),
            norm(),
        ]
    )
    for index, weight in enumerate(network.trainable_weights):
        weight.assign(normal(*weight.shape, seed=index))
    return VirtualBatchNormalized(network, reference)


def batch_norm(x, epsilon=1e-5):
    """Normalizes over all axes but the last, in double precision."""
    x = x.astype("float64")
    axes = tuple(range(x.ndim - 1))
    return (x - x.mean(axes)) / np.sqrt(x.var(axes) + epsilon)


@every_shape
@pytest.mark.parametrize("n", [1, 2, 7])
def test_each_output_is_batch_norm_over_the_reference_and_that_example(shape, n):
    reference, x = normal(n, *shape, mean=3.0), normal(4, *shape, seed=2)
    expected = [batch_norm(np.concatenate([reference, x[i : i + 1]])) for i in range(4)]
    np.testing.assert_allclose(
        only_normalized(reference)(x), [y[-1] for y in expected], rtol=1e-4, atol=1e-5
    )


@every_shape
def test_the_reference_is_normalized_by_itself(shape):
    reference, seen = normal(5, *shape, mean=3.0), []

    class Spy(keras.layers.Layer):
        def call(self, inputs):
            seen.append(inputs)
            return inputs

    network = keras.Sequential([keras.Input(shape), VirtualBatchNorm(), Spy()])
    VirtualBatchNormalized(network, reference)(normal(2, *shape))
    np.testing.assert_allclose(seen[-2], batch_norm(reference), rtol=1e-4, atol=1e-5)


def test_gamma_scales_beta_shifts_and_epsilon_is_added_to_the_variance():
    reference, x = normal(5, 3), normal(2, 3, seed=2)
    model = only_normalized(reference, epsilon=0.5)
    gamma, beta = model.trainable_weights
    gamma.assign([1.0, -2.0, 3.0])
    beta.assign([0.5, 0.0, -1.0])
    rows = [batch_norm(np.concatenate([reference, [row]]), 0.5)[-1] for row in x]
    expected = np.array(rows) * [1.0, -2.0, 3.0] + [0.5, 0.0, -1.0]
    np.testing.assert_allclose(model(x), expected, rtol=1e-5, atol=1e-5)


def test_reference_activations_come_from_the_current_weights():
    reference, x = normal(5, 6), normal(3, 6, seed=2)
    model = convolutional(reference)
    model(x)
    for index, weight in enumerate(model.trainable_weights):
        weight.assign(normal(*weight.shape, seed=index + 50))
    layers = model.network.layers
    dense, transposed = layers[0], layers[4]
    for i in range(3):
        # Both layers below see the reference and one example, nothing else.
        joined = np.concatenate([reference, x[i : i + 1]])
        images = tf.reshape(dense(joined), [6, 2, 2, 4]).numpy()
        images = affine(layers[2], by_parts(images))
        images = transposed(np.maximum(images, 0.0).astype("float32")).numpy()
        expected = affine(layers[5], by_parts(images))[-1]
        np.testing.assert_allclose(model(x)[i], expected, rtol=1e-3, atol=1e-4)


def by_parts(joined):
    """Normalizes the reference alone, and the last row with all rows."""
    return np.concatenate([batch_norm(joined[:-1]), batch_norm(joined)[-1:]])


def affine(layer, x):
    return x * layer.gamma.numpy() + layer.beta.numpy()


def test_an_output_is_exactly_independent_of_its_batch_mates():
    model = convolutional(normal(5, 6))
    x = normal(4, 6, seed=2)
    others = np.concatenate([x[:1], normal(3, 6, seed=3, mean=100.0)])
    np.testing.assert_array_equal(model(x)[0], model(others)[0])


def test_with_batch_normalization_an_output_depends_on_its_batch_mates():
    x = normal(4, 6, seed=2)
    others = np.concatenate([x[:1], normal(3, 6, seed=3)])
    layer = keras.layers.BatchNormalization()
    outputs = [layer(batch, training=True)[0] for batch in (x, others)]
    assert np.abs(outputs[0] - outputs[1]).max() > 0.1


def test_an_example_alone_has_the_output_it_has_in_a_batch():
    model = convolutional(normal(5, 6))
    x = normal(4, 6, seed=2)
    alone = np.concatenate([model(x[i : i + 1]) for i in range(4)])
    np.testing.assert_allclose(alone, model(x), rtol=1e-5, atol=1e-5)


def test_training_and_inference_give_the_same_numbers():
    model, x = convolutional(normal(5, 6)), normal(4, 6)
    np.testing.assert_array_equal(model(x, training=True), model(x, training=False))


def test_gradient_flows_through_the_reference():
    reference, x = normal(4, 2, mean=1.0), normal(3, 2, seed=2)
    weights = np.random.default_rng(3).normal(size=(3, 3))
    network = keras.Sequential(
        [keras.Input((2,)), keras.layers.Dense(3, "tanh"), VirtualBatchNorm()]
    )
    model = VirtualBatchNormalized(network, reference)
    kernel = network.trainable_weights[0]

    def loss(value):
        features = [np.tanh(np.concatenate([reference, [row]]) @ value) for row in x]
        return sum(
            np.sum(batch_norm(f)[-1] * w)
            for f, w in zip(features, weights, strict=True)
        )

    with tf.GradientTape() as tape:
        objective = tf.reduce_sum(model(x) * weights)
    start = kernel.numpy().astype("float64")
    expected = np.zeros_like(start)
    for index in np.ndindex(start.shape):
        shift = np.zeros_like(start)
        shift[index] = 1e-5
        expected[index] = (loss(start + shift) - loss(start - shift)) / 2e-5
    np.testing.assert_allclose(
        tape.gradient(objective, kernel), expected, rtol=1e-3, atol=1e-4
    )


def test_second_derivatives_match_finite_differences():
    reference, x = normal(2, 3, 1), normal(1, 3, 1, seed=2)
    model = only_normalized(reference)
    weights = np.array([[[0.5], [-1.0], [2.0]]])

    def slope_norm(value):
        x = tf.constant(value, tf.float32)
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as tape:
                tape.watch(x)
                loss = tf.reduce_sum(model(x) * weights)
            norm = tf.reduce_sum(tape.gradient(loss, x) ** 2)
        return norm, outer.gradient(norm, x)

    expected = np.zeros_like(x)
    for i in range(3):
        shift = np.zeros_like(x)
        shift[0, i] = 0.02
        difference = slope_norm(x + shift)[0] - slope_norm(x - shift)[0]
        expected[0, i] = difference / 0.04
    np.testing.assert_allclose(slope_norm(x)[1], expected, rtol=0.01, atol=1e-3)


@pytest.mark.parametrize("mean, tolerance", [(1e3, 1e-3), (-1e6, 0.1)])
def test_a_large_offset_keeps_its_precision(mean, tolerance):
    reference, x = normal(5, 4, 4, 3, mean=mean), normal(2, 4, 4, 3, mean=mean, seed=2)
    for i in range(2):
        expected = batch_norm(np.concatenate([reference, x[i : i + 1]]))[-1]
        outputs = only_normalized(reference)(x)[i]
        np.testing.assert_allclose(
            outputs, expected, atol=1e-3 * max(abs(mean) / 1e4, 1)
        )


def test_constant_inputs_give_zeros():
    outputs = only_normalized(np.full([3, 4, 2], 1e4))(np.full([2, 4, 2], 1e4))
    np.testing.assert_array_equal(outputs, np.zeros([2, 4, 2]))


def test_statistics_are_float32_under_mixed_precision():
    keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        model = only_normalized(normal(5, 3, mean=300.0))
        outputs = model(normal(2, 3, mean=300.0, seed=2).astype("float16"))
    finally:
        keras.mixed_precision.set_global_policy("float32")
    assert outputs.dtype == tf.float32
    # The square of 300 is out of reach of float16.
    assert np.all(np.isfinite(outputs)) and np.abs(outputs).max() > 0.1


def test_the_wrapper_is_an_ordinary_generator():
    model = convolutional(normal(5, 6))
    assert model.built
    assert model.input_shape == (None, 6)
    assert model.output_shape == (None, 4, 4, 3)
    outer = keras.Sequential([keras.Input((6,)), model, keras.layers.Flatten()])
    assert outer.output_shape == (None, 48)
    x = normal(2, 6)
    np.testing.assert_array_equal(outer(x), tf.reshape(model(x), [2, 48]))


def test_a_network_that_is_not_built_is_built_for_the_reference(tmp_path):
    stack = [keras.layers.Dense(3), VirtualBatchNorm(), keras.layers.Dense(2)]
    model = VirtualBatchNormalized(keras.Sequential(stack), normal(4, 6))
    assert model.network.built and model.output_shape == (None, 2)
    model.save(tmp_path / "model.keras")
    copy = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(copy(normal(2, 6)), model(normal(2, 6)))


def test_fit_trains_the_network_and_leaves_the_reference():
    reference = normal(5, 6)
    model = convolutional(reference)
    before = model.network.get_weights()
    model.compile(keras.optimizers.SGD(0.1), "mse")
    model.fit(normal(6, 6), normal(6, 4, 4, 3), batch_size=4, verbose=0)
    np.testing.assert_array_equal(model.reference, reference)
    changed = [
        np.any(old != new)
        for old, new in zip(before, model.network.get_weights(), strict=True)
    ]
    assert any(changed)
    assert [w.shape for w in model.non_trainable_weights] == [(5, 6)]


@pytest.mark.parametrize("suffix", [".keras", ".weights.h5"])
def test_the_reference_is_saved(tmp_path, suffix):
    model, path = convolutional(normal(5, 6)), tmp_path / f"model{suffix}"
    if suffix == ".keras":
        model.save(path)
        copy = keras.saving.load_model(path)
    else:
        model.save_weights(path)
        copy = convolutional(np.zeros([5, 6]))
        copy.load_weights(path)
    x = normal(3, 6, seed=2)
    np.testing.assert_array_equal(copy(x), model(x))
    np.testing.assert_array_equal(copy.reference, model.reference)


def test_a_checkpoint_holds_the_reference(tmp_path):
    model, copy = convolutional(normal(5, 6)), convolutional(np.zeros([5, 6]))
    path = tf.train.Checkpoint(model=model).save(tmp_path / "checkpoint")
    tf.train.Checkpoint(model=copy).restore(path).assert_existing_objects_matched()
    np.testing.assert_array_equal(copy.reference, model.reference)


def test_a_layer_inside_another_model_or_layer_is_found_and_supplied():
    inner = keras.Sequential([keras.Input((3,)), VirtualBatchNorm()])

    class Block(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.norm = VirtualBatchNorm()

        def call(self, inputs):
            return self.norm(inputs)

    reference, x = normal(4, 3), normal(2, 3, seed=2)
    expected = only_normalized(reference)(x)
    for layer in (inner, Block()):
        inputs = keras.Input((3,))
        model = VirtualBatchNormalized(keras.Model(inputs, layer(inputs)), reference)
        np.testing.assert_array_equal(model(x), expected)


def test_two_wrappers_may_share_a_network():
    network = keras.Sequential([keras.Input((3,)), VirtualBatchNorm()])
    references, x = (normal(4, 3), normal(2, 3, seed=5)), normal(2, 3, seed=2)
    for reference in references:
        model = VirtualBatchNormalized(network, reference)
        np.testing.assert_array_equal(model(x), only_normalized(reference)(x))


def test_unwrapped_a_network_can_be_built_and_traced_but_not_run():
    inputs = keras.Input((3,))
    network = keras.Model(inputs, VirtualBatchNorm(name="norm")(inputs))
    assert network.output_shape == (None, 3)
    VirtualBatchNormalized(network, normal(4, 3))(normal(2, 3))
    message, x = "VirtualBatchNormalized.*Received: layer=.*norm", tf.ones([2, 3])
    with pytest.raises(ValueError, match=message):
        network(x)
    traced = tf.function(network).get_concrete_function(x)
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        traced(x)
    assert np.all(np.isnan(tf.function(network, jit_compile=True)(x)))


@pytest.mark.parametrize("shape", [(0, 6), (6,), (2, 5), (2, 6, 1), (2, 0)])
def test_a_reference_that_does_not_fit_the_network_is_refused(shape):
    with pytest.raises(ValueError, match=r"Received: reference.shape=\("):
        convolutional(np.zeros(shape))


def test_a_network_without_the_layer_is_refused():
    network = keras.Sequential([keras.Input((6,)), keras.layers.Dense(1)])
    with pytest.raises(ValueError, match="`network` must .* Received: network="):
        VirtualBatchNormalized(network, np.zeros([2, 6]))


@pytest.mark.parametrize("epsilon", [0.0, -1e-5])
def test_epsilon_that_is_not_positive_is_refused(epsilon):
    with pytest.raises(ValueError, match="Received: epsilon="):
        VirtualBatchNorm(epsilon)
