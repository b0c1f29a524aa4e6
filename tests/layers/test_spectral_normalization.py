"""SpectralNormalization against numpy's SVD and finite differences."""

import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_tricks import _compat
from tfgan_tricks import layers
from tfgan_tricks.layers import SpectralNormalization
from tfgan_tricks.layers import _spectral_normalization as module

# Name: the layer, and the shape of its inputs.
KINDS = {
    "dense": (lambda: keras.layers.Dense(4, activation="tanh"), (3, 5)),
    "dense_rank_3": (lambda: keras.layers.Dense(2), (2, 3, 4)),
    "conv1d": (lambda: keras.layers.Conv1D(3, 3, padding="causal"), (2, 5, 2)),
    "conv2d": (
        lambda: keras.layers.Conv2D(3, (2, 3), padding="same", activation="elu"),
        (2, 5, 4, 2),
    ),
    "conv3d": (lambda: keras.layers.Conv3D(2, 2), (1, 3, 3, 3, 2)),
    "conv1d_transpose": (lambda: keras.layers.Conv1DTranspose(3, 4, 2), (2, 4, 2)),
    "conv2d_transpose": (
        lambda: keras.layers.Conv2DTranspose(3, (2, 3), 2, activation="tanh"),
        (2, 3, 3, 2),
    ),
    "conv3d_transpose": (lambda: keras.layers.Conv3DTranspose(3, 2), (1, 2, 2, 2, 2)),
    "depthwise1d": (
        lambda: keras.layers.DepthwiseConv1D(3, depth_multiplier=2),
        (2, 5, 3),
    ),
    "depthwise2d": (
        lambda: keras.layers.DepthwiseConv2D((2, 3), depth_multiplier=2),
        (2, 4, 4, 3),
    ),
    "embedding": (lambda: keras.layers.Embedding(6, 3), (4,)),
}
every_kind = pytest.mark.parametrize("kind", KINDS)


def inputs_for(kind):
    shape = KINDS[kind][1]
    if kind == "embedding":
        return tf.constant([5, 0, 2, 5])
    return tf.constant(np.random.default_rng(1).normal(size=shape), tf.float32)


def built(kind, **kwargs):
    layer = SpectralNormalization(KINDS[kind][0](), **kwargs)
    layer(inputs_for(kind))
    rng = np.random.default_rng(2)
    for weight in layer.layer.weights:
        weight.assign(rng.normal(size=weight.shape))
    return layer


def converged(kind):
    layer = built(kind, power_iterations=200)
    layer(inputs_for(kind), training=True)
    return layer


def blocks_of(kind, kernel):
    """Returns the matrices whose largest singular value is sigma, by algebra."""
    if kind.startswith("depthwise"):
        return [kernel[..., i, :].reshape(-1, 2) for i in range(kernel.shape[-2])]
    if kind.endswith("transpose"):
        return [np.moveaxis(kernel, -2, 0).reshape(kernel.shape[-2], -1)]
    return [kernel.reshape(-1, kernel.shape[-1])]


def sigma_of(kind, kernel):
    return max(np.linalg.svd(x, compute_uv=False)[0] for x in blocks_of(kind, kernel))


def kernel_of(layer):
    return layer.layer.weights[0]


def as_double(variable):
    return tf.convert_to_tensor(variable).numpy().astype("float64")


def plain(layer, kind, kernel):
    """Returns the layer without the wrapper, its kernel replaced by `kernel`."""
    twin = KINDS[kind][0]()
    twin.build(inputs_for(kind).shape)
    twin.set_weights([kernel, *layer.layer.get_weights()[1:]])
    return twin


def power_iteration(matrix, u):
    """Computes one step in double precision; `matrix` has a row for each output."""
    v = matrix.T @ u
    u = matrix @ (v / np.linalg.norm(v))
    return u / np.linalg.norm(u)


def central_differences(function, at, step=1e-6):
    gradient = np.zeros_like(at)
    for index in np.ndindex(at.shape):
        shift = np.zeros_like(at)
        shift[index] = step
        gradient[index] = (function(at + shift) - function(at - shift)) / (2 * step)
    return gradient


@every_kind
def test_normalized_kernel_is_the_kernel_over_the_largest_singular_value(kind):
    layer = converged(kind)
    kernel = as_double(kernel_of(layer))
    expected = kernel / sigma_of(kind, kernel)
    np.testing.assert_allclose(layer.normalized_kernel(), expected, rtol=1e-5)


def test_groups_of_a_convolution_are_normalized_by_the_largest():
    layer = SpectralNormalization(keras.layers.Conv2D(6, 2, groups=3), 200)
    layer.build((None, 4, 4, 6))
    kernel = np.random.default_rng(3).normal(size=kernel_of(layer).shape)
    kernel_of(layer).assign(kernel)
    layer(tf.ones([1, 4, 4, 6]), training=True)
    groups = [kernel[..., i : i + 2].reshape(-1, 2) for i in (0, 2, 4)]
    expected = kernel / max(np.linalg.norm(group, ord=2) for group in groups)
    np.testing.assert_allclose(layer.normalized_kernel(), expected, rtol=1e-5)


@every_kind
def test_outputs_match_the_layer_with_the_normalized_kernel(kind):
    layer = built(kind)
    for training in (False, True):
        outputs = layer(inputs_for(kind), training=training)
        twin = plain(layer, kind, layer.normalized_kernel().numpy())
        np.testing.assert_allclose(
            outputs, twin(inputs_for(kind)), rtol=1e-5, atol=1e-6
        )


@every_kind
def test_gradient_matches_finite_differences_through_the_svd(kind):
    layer = converged(kind)
    kernel = as_double(kernel_of(layer))
    twin = plain(layer, kind, layer.normalized_kernel().numpy())
    with tf.GradientTape(persistent=True) as tape:
        loss, expected = (
            tf.reduce_sum(tf.sin(2.0 * call(inputs_for(kind))))
            for call in (layer, twin)
        )
    outer = as_double(tape.gradient(expected, twin.weights[0]))
    gradient = central_differences(
        lambda x: np.sum(outer * x / sigma_of(kind, x)), kernel
    )
    np.testing.assert_allclose(
        as_double(tape.gradient(loss, kernel_of(layer))),
        gradient,
        atol=1e-4 * np.abs(gradient).max(),
    )


def test_gradient_with_u_far_from_converged_matches_finite_differences():
    layer = built("dense")
    u = np.array([[0.6, 0.0, -0.8, 0.0]])
    layer.u.assign(u)
    weights = np.random.default_rng(4).normal(size=kernel_of(layer).shape)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer.normalized_kernel() * weights)
    # With u fixed, u^T W v is |W^T u|; here W is the kernel, transposed.
    gradient = central_differences(
        lambda x: np.sum(weights * x / np.linalg.norm(x @ u[0])),
        as_double(kernel_of(layer)),
    )
    np.testing.assert_allclose(
        tape.gradient(loss, kernel_of(layer)), gradient, rtol=1e-4, atol=1e-5
    )


def test_gradient_of_a_training_call_holds_the_new_u_constant():
    layer, _ = unsettled()
    kernel, x = as_double(kernel_of(layer)), inputs_for("dense")
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(x, training=True))
    u = layer.u.numpy()[0].astype("float64")
    bias, x = layer.layer.weights[1].numpy(), x.numpy()
    gradient = central_differences(
        lambda w: np.sum(np.tanh(x @ w / np.linalg.norm(w @ u) + bias)), kernel
    )
    np.testing.assert_allclose(
        tape.gradient(loss, kernel_of(layer)), gradient, rtol=1e-3, atol=1e-4
    )


@every_kind
def test_a_training_call_leaves_the_kernel_alone(kind):
    layer = built(kind)
    before = layer.layer.get_weights()
    layer(inputs_for(kind), training=True)
    for old, new in zip(before, layer.layer.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


@every_kind
def test_warm_up_at_build_brings_u_within_a_few_percent_of_sigma(kind):
    layer = SpectralNormalization(KINDS[kind][0]())
    layer(inputs_for(kind))
    np.testing.assert_allclose(layer.u, layer._warmed_up(layer.u.shape), rtol=1e-5)
    layer = built(kind)
    layer.u.assign(layer._warmed_up(layer.u.shape))
    kernel = as_double(kernel_of(layer))
    ratio = np.linalg.norm(kernel) / np.linalg.norm(layer.normalized_kernel())
    np.testing.assert_allclose(ratio, sigma_of(kind, kernel), rtol=0.03)


class Subclassed(keras.Model):
    def __init__(self, kernel, **kwargs):
        super().__init__(**kwargs)
        initializer = keras.initializers.Constant(kernel)
        dense = keras.layers.Dense(8, kernel_initializer=initializer)
        self.normalized = SpectralNormalization(dense)

    def call(self, inputs, training=None):
        return self.normalized(inputs, training=training)


@pytest.mark.parametrize("first_call", ["eager", "graph", "symbolic"])
def test_u_is_warmed_up_however_the_layer_is_built(first_call):
    kernel = np.random.default_rng(5).normal(size=(6, 8)).astype("float32")
    model = Subclassed(kernel)
    if first_call == "symbolic":
        model(keras.Input((6,)))
    else:
        call = tf.function(model) if first_call == "graph" else model
        call(tf.ones([2, 6]))
    expected = SpectralNormalization(keras.layers.Dense(8))
    expected.build((None, 6))
    kernel_of(expected).assign(kernel)
    expected.u.assign(expected._warmed_up((1, 8)))
    np.testing.assert_allclose(model.normalized.u, expected.u, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(
        np.linalg.norm(kernel) / np.linalg.norm(model.normalized.normalized_kernel()),
        np.linalg.norm(kernel, ord=2),
        rtol=0.02,
    )


def moves(layer, before, limit=5):
    """Counts the power iterations between `before` and the layer's u."""
    matrix, u = as_double(kernel_of(layer)).T, before[0].astype("float64")
    for count in range(limit):
        if np.allclose(u, layer.u.numpy()[0], rtol=1e-4, atol=1e-6):
            return count
        u = power_iteration(matrix, u)
    return None


def unsettled(**kwargs):
    layer = built("dense", **kwargs)
    layer.u.assign([[0.6, 0.0, -0.8, 0.0]])
    return layer, layer.u.numpy()


@pytest.mark.parametrize("mode", ["eager", "graph", "jit"])
def test_u_moves_once_in_a_training_call_and_the_call_uses_the_new_u(mode):
    layer, before = unsettled()
    call = layer if mode == "eager" else tf.function(layer, jit_compile=mode == "jit")
    outputs = call(inputs_for("dense"), training=True)
    assert moves(layer, before) == 1
    twin = plain(layer, "dense", layer.normalized_kernel().numpy())
    np.testing.assert_allclose(outputs, twin(inputs_for("dense")), rtol=1e-5)


def test_power_iterations_is_the_number_of_moves():
    layer, before = unsettled(power_iterations=3)
    layer(inputs_for("dense"), training=True)
    assert moves(layer, before) == 3


@pytest.mark.parametrize("training", [False, None])
def test_u_does_not_move_in_inference(training):
    layer, before = unsettled()
    layer(inputs_for("dense"), training=training)
    np.testing.assert_array_equal(layer.u, before)


@pytest.mark.parametrize("graph", [False, True])
def test_under_updates_once_u_moves_once_and_all_calls_use_the_same_kernel(graph):
    layer, before = unsettled()
    other, before_other = unsettled()

    def step(x):
        with layers.updates_once():
            other(x, training=True)
            return [layer(x, training=True) for _ in range(3)]

    first, *rest = (tf.function(step) if graph else step)(inputs_for("dense"))
    assert moves(layer, before) == moves(other, before_other) == 1
    for outputs in rest:
        np.testing.assert_array_equal(outputs, first)


def test_under_updates_never_u_does_not_move():
    layer, before = unsettled()
    with layers.updates_never():
        layer(inputs_for("dense"), training=True)
    np.testing.assert_array_equal(layer.u, before)


def test_in_fit_u_moves_once_in_each_step():
    layer, before = unsettled()
    model = keras.Sequential([keras.Input((5,)), layer])
    model.compile(keras.optimizers.SGD(0.0), "mse")
    x = np.ones([6, 5], "float32")
    model.fit(x, np.zeros([6, 4], "float32"), batch_size=2, verbose=0)
    assert moves(layer, before) == 3


def test_training_in_fit_keeps_sigma_near_the_svd():
    layer = SpectralNormalization(keras.layers.Dense(4, use_bias=False))
    model = keras.Sequential([keras.Input((5,)), layer])
    model.compile(keras.optimizers.SGD(0.05), "mse")
    rng = np.random.default_rng(6)
    x, y = rng.normal(size=(64, 5)), rng.normal(size=(64, 4))
    start = kernel_of(layer).numpy()
    model.fit(x.astype("float32"), y.astype("float32"), batch_size=4, verbose=0)
    assert np.abs(kernel_of(layer).numpy() - start).max() > 0.01
    largest = np.linalg.norm(layer.normalized_kernel().numpy(), ord=2)
    np.testing.assert_allclose(largest, 1.0, rtol=0.01)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_sigma_is_exact_under_mixed_precision(policy, monkeypatch):
    sigmas, sigma = [], module._sigma
    monkeypatch.setattr(
        module, "_sigma", lambda *args: sigmas.append(sigma(*args)) or sigmas[-1]
    )
    previous = keras.mixed_precision.global_policy()
    keras.mixed_precision.set_global_policy(policy)
    try:
        layer = SpectralNormalization(keras.layers.Dense(4), power_iterations=200)
        model = keras.Sequential([keras.Input((5,)), layer])
    finally:
        keras.mixed_precision.set_global_policy(previous)
    kernel = np.random.default_rng(7).normal(size=(5, 4)).astype("float32")
    kernel_of(layer).assign(kernel)
    for call in (model, layer):
        outputs = call(tf.ones([2, 5]), training=True)
        assert outputs.dtype == policy.removeprefix("mixed_")
        assert sigmas[-1].dtype == tf.float32
        np.testing.assert_allclose(sigmas[-1], np.linalg.norm(kernel, ord=2), rtol=1e-6)
    np.testing.assert_array_equal(kernel_of(layer).numpy(), kernel)
    assert layer.normalized_kernel().dtype == tf.float32


@pytest.mark.parametrize("kind", ["dense", "embedding", "depthwise2d"])
def test_a_kernel_of_zeros_gives_finite_outputs_and_gradients(kind):
    layer = built(kind)
    kernel_of(layer).assign(np.zeros(kernel_of(layer).shape))
    with tf.GradientTape() as tape:
        outputs = layer(inputs_for(kind), training=True)
        loss = tf.reduce_sum(outputs)
    assert np.all(np.isfinite(outputs))
    gradient = tf.convert_to_tensor(tape.gradient(loss, kernel_of(layer)))
    assert np.all(np.isfinite(gradient))
    np.testing.assert_allclose(np.linalg.norm(layer.u, axis=-1), 1.0, rtol=1e-5)


@pytest.mark.parametrize("scale", [1e-12, 1e12])
def test_the_scale_of_the_kernel_does_not_matter(scale):
    layer = converged("dense")
    expected = layer(inputs_for("dense"))
    kernel_of(layer).assign(kernel_of(layer) * scale)
    np.testing.assert_allclose(layer(inputs_for("dense")), expected, rtol=1e-4)


def test_whole_numbers_are_inputs_too():
    layer = built("dense")
    np.testing.assert_allclose(
        layer(tf.constant([[1, 0, 2, 3, 1]])), layer(tf.constant([[1.0, 0, 2, 3, 1]]))
    )


def test_u_survives_the_keras_format(tmp_path):
    layer, before = unsettled()
    model = keras.Sequential([keras.Input((5,)), layer])
    model.save(tmp_path / "model.keras")
    copy = keras.saving.load_model(tmp_path / "model.keras").layers[-1]
    np.testing.assert_array_equal(copy.u, before)
    assert copy.layer.activation is keras.activations.tanh


@pytest.mark.parametrize(
    "layer",
    [
        keras.layers.ReLU(),
        keras.layers.BatchNormalization(),
        keras.layers.SeparableConv2D(2, 2),
        "dense",
        None,
    ],
)
def test_other_layers_are_refused_with_the_list_of_the_supported(layer):
    with pytest.raises(TypeError, match="Conv2DTranspose.*Received: layer="):
        SpectralNormalization(layer)


@pytest.mark.parametrize("power_iterations", [0, -1, 1.0, True, None])
def test_power_iterations_below_one_are_refused(power_iterations):
    with pytest.raises(ValueError, match="Received: power_iterations="):
        SpectralNormalization(keras.layers.Dense(1), power_iterations)


def stock(library):
    if library == "keras":
        return keras.layers.SpectralNormalization
    if _compat.KERAS_3:
        pytest.skip("TensorFlow Addons cannot be imported with Keras 3")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import tensorflow_addons
    return tensorflow_addons.layers.SpectralNormalization


@pytest.mark.parametrize("library", ["keras", "addons"])
def test_the_stock_layers_write_to_the_kernel_and_lack_the_gradient_of_sigma(library):
    rng = np.random.default_rng(8)
    kernel = rng.normal(size=(5, 4)).astype("float32")
    layer = stock(library)(keras.layers.Dense(4, use_bias=False), power_iterations=200)
    layer.build((None, 5))
    kernel_of(layer).assign(kernel)
    x, weights = rng.normal(size=(3, 5)), rng.normal(size=(3, 4))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(tf.constant(x, tf.float32), training=True) * weights)
    gradient = tape.gradient(loss, kernel_of(layer))
    expected = central_differences(
        lambda w: np.sum(x @ (w / np.linalg.norm(w, ord=2)) * weights),
        kernel.astype("float64"),
    )
    assert np.abs(kernel_of(layer).numpy() - kernel).max() > 0.1
    assert np.abs(gradient - expected).max() > 0.1 * np.abs(expected).max()
