"""SpectralNormalization with what Keras does to the layer inside: freeze, LoRA, ..."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_tricks import _compat
from tfgan_tricks.layers import SpectralNormalization

RNG = np.random.default_rng(4)
X = RNG.normal(size=(6, 5)).astype("float32")
needs_keras_3 = pytest.mark.skipif(not _compat.KERAS_3, reason="new in Keras 3")
# Keras warns of each layer that it does not quantize.
quantizes = pytest.mark.filterwarnings("ignore:.*`quantize` method:UserWarning")


def network(layer, mode="divide", **kwargs):
    normalized = SpectralNormalization(layer, mode=mode, **kwargs)
    model = keras.Sequential([keras.Input((5,)), normalized, keras.layers.Dense(2)])
    kernel = normalized.layer.kernel
    kernel.assign(RNG.normal(scale=3.0, size=kernel.shape))
    return model, normalized


def state(model):
    return [weight.numpy() for weight in model.layers[0].weights]


# How a user freezes it: before it is made, or afterwards.
def by_argument(mode):
    return network(keras.layers.Dense(4), mode, trainable=False)


def by_the_layers_argument(mode):
    return network(keras.layers.Dense(4, trainable=False), mode)


def afterwards(choose):
    def freeze(mode):
        model, normalized = network(keras.layers.Dense(4), mode)
        choose(model, normalized).trainable = False
        return model, normalized

    return freeze


FREEZES = {
    "argument": by_argument,
    "argument_of_the_layer": by_the_layers_argument,
    "wrapper": afterwards(lambda model, normalized: normalized),
    "layer": afterwards(lambda model, normalized: normalized.layer),
    "network": afterwards(lambda model, normalized: model),
    "outer_network": afterwards(
        lambda model, _: keras.Sequential([keras.Input((5,)), model])
    ),
}


@pytest.mark.parametrize("mode", ["divide", "project"])
@pytest.mark.parametrize("freeze", FREEZES.values(), ids=FREEZES)
def test_what_is_frozen_stays_in_training_calls_and_in_fit(freeze, mode):
    model, normalized = freeze(mode)
    before, inference = state(model), normalized(X).numpy()
    np.testing.assert_array_equal(normalized(X, training=True), inference)
    outer = keras.Sequential([keras.Input((5,)), model, keras.layers.Dense(1)])
    outer.compile(keras.optimizers.SGD(0.1), "mse")
    outer.fit(X, np.ones([6, 1], "float32"), verbose=0)
    for old, new in zip(before, state(model), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize("mode", ["divide", "project"])
def test_unfrozen_weights_move_again(mode):
    model, normalized = FREEZES["network"](mode)
    model.trainable = True
    u, kernel = normalized.u.numpy(), normalized.layer.kernel.numpy()
    normalized(X, training=True)
    assert np.any(u != normalized.u.numpy())
    assert np.any(kernel != normalized.layer.kernel.numpy()) == (mode == "project")


def test_a_layer_that_was_built_before_is_wrapped_with_its_kernel():
    layer = keras.layers.Dense(4)
    plain = layer(X).numpy()
    normalized = SpectralNormalization(layer, power_iterations=200)
    normalized(X, training=True)
    sigma = np.linalg.norm(layer.kernel.numpy(), ord=2)
    np.testing.assert_allclose(normalized(X), plain / sigma, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(layer(X), plain)


def lora_kernel(layer):
    """Computes the kernel of Hu et al., 2021, from the stored weights."""
    prefix = "lora_kernel" if hasattr(layer, "lora_kernel_a") else "lora_embeddings"
    a, b = (getattr(layer, f"{prefix}_{part}").numpy() for part in "ab")
    base = layer._kernel if prefix == "lora_kernel" else layer._embeddings
    return base.numpy() + layer.lora_alpha / layer.lora_rank * (a @ b)


LORA = {
    "dense": (lambda: keras.layers.Dense(4), X),
    "dense_without_bias": (lambda: keras.layers.Dense(4, use_bias=False), X),
    "conv1d": (lambda: keras.layers.Conv1D(3, 2), X.reshape(2, 3, 5)),
    "conv2d": (lambda: keras.layers.Conv2D(3, 2), X.reshape(1, 2, 3, 5)),
    "embedding": (lambda: keras.layers.Embedding(7, 4), np.array([[6, 0, 3]])),
}


def with_lora(kind):
    make, x = LORA[kind]
    normalized = SpectralNormalization(make(), power_iterations=200)
    normalized(x)
    layer = normalized.layer
    layer.enable_lora(2, lora_alpha=6)
    for weight in layer.weights:
        weight.assign(RNG.normal(size=weight.shape))
    normalized(x, training=True)
    return normalized, x


@needs_keras_3
@pytest.mark.parametrize("kind", LORA)
def test_with_lora_the_sum_has_the_largest_singular_value_one(kind):
    normalized, x = with_lora(kind)
    kernel = lora_kernel(normalized.layer)
    sigma = np.linalg.norm(kernel.reshape(-1, kernel.shape[-1]), ord=2)
    np.testing.assert_allclose(
        normalized.normalized_kernel(), kernel / sigma, rtol=1e-4, atol=1e-6
    )
    make, _ = LORA[kind]
    twin = make()
    twin.build(x.shape)
    bias = [] if len(twin.weights) == 1 else [normalized.layer.bias.numpy()]
    twin.set_weights([kernel / sigma, *bias])
    np.testing.assert_allclose(normalized(x), twin(x), rtol=1e-4, atol=1e-5)


@needs_keras_3
def test_lora_trains_and_its_base_stays():
    normalized, _ = with_lora("dense")
    model = keras.Sequential([keras.Input((5,)), normalized])
    base, a = normalized.layer._kernel.numpy(), normalized.layer.lora_kernel_a.numpy()
    model.compile(keras.optimizers.SGD(0.1), "mse")
    model.fit(X, np.ones([6, 4], "float32"), verbose=0)
    np.testing.assert_array_equal(normalized.layer._kernel.numpy(), base)
    assert np.any(normalized.layer.lora_kernel_a.numpy() != a)


@needs_keras_3
def test_lora_survives_the_keras_format(tmp_path):
    normalized, x = with_lora("dense")
    model = keras.Sequential([keras.Input((5,)), normalized])
    model.save(tmp_path / "model.keras")
    copy = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(copy(x), model(x), rtol=1e-5, atol=1e-6)


@needs_keras_3
def test_lora_in_half_precision_is_near_float32():
    normalized, x = with_lora("dense")
    half = SpectralNormalization(keras.layers.Dense(4, dtype="mixed_bfloat16"))
    half(x)
    half.layer.enable_lora(2, lora_alpha=6)
    half.set_weights(normalized.get_weights())
    np.testing.assert_allclose(tf.cast(half(x), "float32"), normalized(x), atol=0.05)


@needs_keras_3
def test_projection_refuses_lora():
    _, normalized = network(keras.layers.Dense(4), "project")
    normalized.layer.enable_lora(2)
    before = normalized.get_weights()
    for training in (True, False):
        with pytest.raises(ValueError, match="must be 'divide'.*Received: mode="):
            normalized(X, training=training)
    for old, new in zip(before, normalized.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def quantized_inside():
    _, normalized = network(keras.layers.Dense(4))
    normalized.layer.quantize("int8")
    normalized(X)


def quantized_in_a_model():
    model, _ = network(keras.layers.Dense(4))
    model.quantize("int8")
    model(X)


def quantized_before():
    layer = keras.layers.Dense(4)
    layer.build((None, 5))
    layer.quantize("int8")
    SpectralNormalization(layer)


def quantized_by_policy():
    SpectralNormalization(keras.layers.Dense(4, dtype="int8_from_float32"))


def quantized_to_read():
    _, normalized = network(keras.layers.Dense(4))
    normalized.layer.quantize("int8")
    normalized.normalized_kernel()


def quantized_to_project():
    model, _ = network(keras.layers.Dense(4), "project")
    model.quantize("int8")
    model.predict(X, verbose=0)


def quantized_table():
    normalized = SpectralNormalization(keras.layers.Embedding(7, 4))
    normalized(np.array([1, 2]))
    normalized.layer.quantize("int8")
    normalized(np.array([1, 2]))


@needs_keras_3
@quantizes
@pytest.mark.parametrize(
    "use",
    [
        quantized_before,
        quantized_by_policy,
        quantized_in_a_model,
        quantized_inside,
        quantized_table,
        quantized_to_project,
        quantized_to_read,
    ],
)
def test_a_quantized_kernel_is_refused(use):
    with pytest.raises(ValueError, match="filters.*Received: .*'int8'"):
        use()


@needs_keras_3
@quantizes
def test_what_the_refusal_says_helps():
    model, normalized = network(keras.layers.Dense(4))
    expected = model(X)
    model.quantize("int8", filters=lambda layer: layer is not normalized.layer)
    assert model.layers[1].quantization_mode == "int8"
    np.testing.assert_allclose(model(X), expected, atol=0.05)


class Named(keras.layers.Dense):
    """Only the arguments are its own."""

    def __init__(self, **kwargs):
        super().__init__(4, use_bias=False, **kwargs)


class Residual(keras.layers.Dense):
    def call(self, inputs):
        return inputs + super().call(inputs)


class Standardized(keras.layers.Conv2D):
    def convolution_op(self, inputs, kernel):
        return super().convolution_op(inputs, kernel - tf.reduce_mean(kernel))


class Doubled(keras.layers.Embedding):
    def call(self, inputs):
        return super().call(inputs) + 1.0


def test_a_subclass_that_uses_its_kernel_alike_is_normalized():
    normalized = SpectralNormalization(Named(), power_iterations=200)
    normalized(X, training=True)
    kernel = normalized.layer.kernel.numpy()
    expected = X @ (kernel / np.linalg.norm(kernel, ord=2))
    np.testing.assert_allclose(normalized(X), expected, rtol=1e-4, atol=1e-5)


REFUSED = {
    "bidirectional": lambda: keras.layers.Bidirectional(keras.layers.LSTM(2)),
    "einsum": lambda: keras.layers.EinsumDense("ab,bc->ac", 4),
    "gru_cell": lambda: keras.layers.GRUCell(3),
    "attention": lambda: keras.layers.MultiHeadAttention(2, 3),
    "own_call": lambda: Residual(5),
    "own_convolution": lambda: Standardized(3, 2),
    "own_lookup": lambda: Doubled(7, 4),
    "separable": lambda: keras.layers.SeparableConv1D(2, 2),
    "sequential": lambda: keras.Sequential([keras.layers.Dense(2)]),
    "twice": lambda: SpectralNormalization(keras.layers.Dense(2)),
}


@pytest.mark.parametrize("make", REFUSED.values(), ids=REFUSED)
def test_layers_that_are_not_linear_in_one_kernel_are_refused(make):
    with pytest.raises(TypeError, match="`layer` must be one of Dense, .*Received: "):
        SpectralNormalization(make())


@needs_keras_3
def test_an_embedding_that_is_used_backward_too_is_refused():
    with pytest.raises(TypeError, match="`layer` must be one of Dense, .*Received: "):
        SpectralNormalization(keras.layers.ReversibleEmbedding(7, 4))
