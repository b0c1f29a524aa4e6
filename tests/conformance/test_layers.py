"""Properties of every public layer."""

import inspect
import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.trainers import precision
from tfgan_tricks import layers

X = np.random.default_rng(1).normal(size=(5, 6)).astype("float32")
IMAGES = np.random.default_rng(2).normal(size=(5, 4, 3, 2)).astype("float32")


def virtual_network():
    return keras.Sequential(
        [keras.Input((6,)), keras.layers.Dense(3), layers.VirtualBatchNorm()]
    )


def convolution():
    return {
        "filters": 3,
        "kernel_size": (2, 3),
        "strides": (2, 1),
        "padding": "same",
        "activation": "tanh",
        "trainable_scale": False,
        "kernel_initializer": "ones",
        "adapted_stddev": 0.5,
    }


WEIGHT_NORM = (
    layers.WeightNormConv2D,
    layers.WeightNormConv2DTranspose,
    layers.WeightNormDense,
)
ANY_DTYPE = (layers.LeakyReLU, layers.VirtualBatchNormalized, *WEIGHT_NORM)
RANDOM = (layers.Dropout, layers.GaussianNoise)
# Layer: its arguments, none of them the default, and inputs.
LAYERS = {
    layers.Dropout: (lambda: {"rate": 0.3, "seed": 4}, X),
    layers.GaussianNoise: (lambda: {"stddev": 0.3, "seed": 4}, X),
    layers.JointMinibatchDiscrimination: (
        lambda: {"num_kernels": 3, "kernel_dim": 2, "kernel_initializer": "ones"},
        X,
    ),
    layers.LeakyReLU: (lambda: {"slope": 0.7}, X),
    layers.MinibatchDiscrimination: (
        lambda: {"num_kernels": 3, "kernel_dim": 2, "kernel_initializer": "ones"},
        X,
    ),
    layers.MinibatchStdDev: (
        lambda: {"epsilon": 1e-4, "data_format": "channels_first"},
        IMAGES,
    ),
    layers.SpectralNormalization: (
        lambda: {
            "layer": keras.layers.Conv2D(3, 2),
            "power_iterations": 2,
            "mode": "project",
        },
        IMAGES,
    ),
    layers.VirtualBatchNorm: (
        lambda: {"epsilon": 1e-3, "data_format": "channels_first"},
        IMAGES,
    ),
    layers.VirtualBatchNormalized: (
        lambda: {"network": virtual_network(), "reference": X[:3]},
        X,
    ),
    layers.WeightNormConv2D: (convolution, IMAGES),
    layers.WeightNormConv2DTranspose: (convolution, IMAGES),
    layers.WeightNormDense: (
        lambda: {
            "units": 3,
            "activation": "tanh",
            "trainable_scale": False,
            "kernel_initializer": "ones",
            "adapted_stddev": 0.5,
        },
        X,
    ),
}
every_layer = pytest.mark.parametrize("kind", LAYERS, ids=lambda x: x.__name__)


def make(kind):
    return kind(**LAYERS[kind][0]())


def small_model(kind):
    x = LAYERS[kind][1]
    stack = [keras.Input(x.shape[1:]), make(kind), keras.layers.Dense(2, "tanh")]
    model = keras.Sequential(stack)
    if kind is layers.VirtualBatchNorm:
        model = layers.VirtualBatchNormalized(model, x[:3])
    for index, weight in enumerate(model.trainable_weights):
        values = np.random.default_rng(index).normal(scale=0.5, size=weight.shape)
        weight.assign(values)
    return model, tf.constant(x)


def test_the_table_holds_the_public_layers_and_nothing_else():
    public = {
        value
        for value in vars(layers).values()
        if inspect.isclass(value) and issubclass(value, keras.layers.Layer)
    }
    assert public == set(LAYERS)


@every_layer
def test_it_is_registered_under_the_name_of_the_package(kind):
    name = keras.saving.get_registered_name(kind)
    assert name == f"tfgan_tricks>{kind.__name__}"


@every_layer
def test_each_argument_is_an_attribute_and_in_the_config(kind):
    arguments, layer = LAYERS[kind][0](), make(kind)
    names = set(inspect.signature(kind).parameters) - {"kwargs"}
    assert names == set(arguments)
    assert names <= set(layer.get_config())
    assert all(hasattr(layer, name) for name in names)


@every_layer
def test_the_config_is_json_and_makes_an_equal_layer(kind):
    layer = make(kind)
    config = json.dumps(layer.get_config(), sort_keys=True)
    copy = kind.from_config(json.loads(config))
    assert json.dumps(copy.get_config(), sort_keys=True) == config
    assert copy.name == layer.name


@every_layer
def test_a_model_survives_the_keras_format(kind, tmp_path):
    model, x = small_model(kind)
    model.save(tmp_path / "model.keras")
    copy = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(copy(x), model(x))


@every_layer
def test_a_model_survives_the_saved_model_format(kind, tmp_path):
    model, x = small_model(kind)
    module = tf.Module()
    module.model = model
    signature = [tf.TensorSpec([None, *x.shape[1:]])]
    module.serve = tf.function(lambda x: model(x), input_signature=signature)
    tf.saved_model.save(module, str(tmp_path))
    copy = tf.saved_model.load(str(tmp_path))
    for rows in (5, 1):
        np.testing.assert_allclose(copy.serve(x[:rows]), model(x[:rows]), rtol=1e-5)


@every_layer
def test_eager_graph_and_jit_give_the_same_values_and_finite_gradients(kind):
    if kind in RANDOM:
        pytest.skip("its own tests, as no two calls draw the same numbers")
    model, x = small_model(kind)

    def step(x):
        with layers.updates_never(), tf.GradientTape() as tape:
            tape.watch(x)
            y = model(x, training=True)
            loss = tf.reduce_sum(y**2)
        return y, *tape.gradient(loss, [x, *model.trainable_weights])

    eager = step(x)
    assert len(eager) > 3 and all(np.all(np.isfinite(g)) for g in eager)
    for jit in (False, True):
        for one, other in zip(
            tf.function(step, jit_compile=jit)(x), eager, strict=True
        ):
            # A bias before a normalization has a gradient of 0, but for the rounding.
            np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)


@every_layer
def test_fit_and_predict_take_a_partial_last_batch(kind):
    model, x = small_model(kind)
    shape = model(x).shape
    model.compile("sgd", "mse")
    model.fit(x, np.zeros(shape), batch_size=2, verbose=0)
    outputs = model.predict(x, batch_size=4, verbose=0)
    assert outputs.shape == shape and np.all(np.isfinite(outputs))


@every_layer
def test_the_output_shape_is_known_before_a_call(kind):
    model, x = small_model(kind)
    assert model.output_shape == (None, *model(x).shape[1:])
    if kind is not layers.VirtualBatchNorm:
        layer = make(kind)
        shape = layer(x).shape
        assert tuple(layer.compute_output_shape((None, *x.shape[1:]))) == (
            None,
            *shape[1:],
        )


@every_layer
@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_gives_finite_outputs_near_those_in_float32(kind, policy):
    model, x = small_model(kind)
    with precision.policy(policy):
        copy, _ = small_model(kind)
    copy.set_weights(model.get_weights())
    outputs = tf.cast(copy(x), tf.float32)
    assert np.all(np.isfinite(outputs))
    np.testing.assert_allclose(outputs, model(x), atol=0.05)
    dtypes = {tf.as_dtype(weight.dtype) for weight in copy.weights}
    assert {dtype for dtype in dtypes if dtype.is_floating} == {tf.float32}


def name_of(weight):
    return weight.name.split("/")[-1].split(":")[0]


@every_layer
@pytest.mark.parametrize("policy", ["float16", "bfloat16"])
def test_pure_half_precision_gives_outputs_near_those_in_float32(kind, policy):
    model, x = small_model(kind)
    with precision.policy(policy):
        copy, _ = small_model(kind)
    copy.set_weights(model.get_weights())
    np.testing.assert_allclose(tf.cast(copy(x), "float32"), model(x), atol=0.05)
    for weight in copy.weights:
        dense = kind in WEIGHT_NORM or name_of(weight) in ("kernel", "bias")
        expected = policy if dense else "float32"
        if tf.as_dtype(weight.dtype).is_floating:
            assert tf.as_dtype(weight.dtype).name == expected, weight.name


@every_layer
@pytest.mark.parametrize("policy", ["float16", "bfloat16"])
def test_pure_half_precision_trains(kind, policy):
    with precision.policy(policy):
        model, x = small_model(kind)
    before = [tf.cast(w, "float32").numpy() for w in model.trainable_weights]
    model.compile(keras.optimizers.SGD(0.1), "mse")
    model.fit(x, np.ones(model(x).shape), verbose=0)
    after = [tf.cast(w, "float32").numpy() for w in model.trainable_weights]
    assert all(np.all(np.isfinite(value)) for value in after)
    assert any(np.any(a != b) for a, b in zip(before, after, strict=True))


@pytest.mark.parametrize("policy", ["float16", "bfloat16"])
def test_adapting_in_pure_half_precision_standardizes_the_outputs(policy):
    x = np.random.default_rng(3).normal(2.0, 3.0, size=(60, 6)).astype("float32")
    with precision.policy(policy):
        stack = [layers.WeightNormDense(5), layers.MinibatchDiscrimination(2, 3)]
        network = keras.Sequential([keras.Input((6,)), *stack])
    layers.adapt(network, x)
    outputs = tf.cast(network.layers[0](x), "float32").numpy()
    np.testing.assert_allclose(outputs.mean(axis=0), 0.0, atol=0.05)
    np.testing.assert_allclose(outputs.std(axis=0), 1.0, atol=0.05)


@every_layer
def test_a_dtype_is_refused_where_the_layer_has_its_own(kind):
    if kind in ANY_DTYPE:
        pytest.skip("has no statistics of its own and takes any policy")
    with pytest.raises(TypeError, match="dtype"):
        kind(**LAYERS[kind][0](), dtype="float16")
