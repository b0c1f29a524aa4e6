"""VirtualBatchNormalized around networks of more than dense layers."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_tricks import export
from tfgan_tricks import layers
from tfgan_tricks.layers import VirtualBatchNorm
from tfgan_tricks.layers import VirtualBatchNormalized

RNG = np.random.default_rng(7)
REFERENCE = RNG.normal(1.0, 2.0, size=(6, 3)).astype("float32")
X = RNG.normal(size=(4, 3)).astype("float32")
LABELS = np.array([3, 0, 3, 1])
REFERENCE_LABELS = np.array([2, 3, 1, 0, 2, 2])


def batch_norm(x):
    x = x.astype("float64")
    return (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + 1e-5)


def virtually_normalized(reference, x):
    rows = [batch_norm(np.concatenate([reference, row[np.newaxis]]))[-1] for row in x]
    return np.array(rows, "float32")


@keras.saving.register_keras_serializable("tests")
class Centered(keras.layers.Layer):
    """A user's layer that mixes the examples of a batch."""

    def call(self, inputs):
        return inputs - tf.reduce_mean(inputs, axis=0)

    def compute_output_shape(self, input_shape):
        return input_shape


MIXING = {
    "discrimination": lambda: layers.MinibatchDiscrimination(2, 3),
    "joint": lambda: layers.JointMinibatchDiscrimination(2, 3),
    "std_dev": layers.MinibatchStdDev,
    "own": Centered,
    "nested": lambda: keras.Sequential([keras.Input((3,)), Centered()]),
}


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("kind", MIXING)
def test_a_layer_that_mixes_examples_sees_the_inputs_only(kind, training):
    layer = MIXING[kind]()
    network = keras.Sequential([keras.Input((3,)), VirtualBatchNorm(), layer])
    model = VirtualBatchNormalized(network, REFERENCE)
    expected = layer(virtually_normalized(REFERENCE, X))
    outputs = model(X, training=training)
    np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-5)
    outputs = tf.function(model)(X, training=training)
    np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-5)


def test_the_reference_passes_a_layer_that_mixes_examples_as_a_batch_of_its_own():
    stack = [keras.Input((3,)), Centered(), VirtualBatchNorm()]
    model = VirtualBatchNormalized(keras.Sequential(stack), REFERENCE)
    expected = virtually_normalized(REFERENCE - REFERENCE.mean(axis=0), X - X.mean(0))
    np.testing.assert_allclose(model(X), expected, rtol=1e-4, atol=1e-5)


def test_one_example_is_similar_to_itself_alone():
    layer = layers.MinibatchDiscrimination(2, 3)
    network = keras.Sequential([keras.Input((3,)), VirtualBatchNorm(), layer])
    model = VirtualBatchNormalized(network, np.repeat(X[:1], 6, axis=0))
    np.testing.assert_allclose(model(X[:1])[:, 3:], 1.0, rtol=1e-5)


@pytest.mark.parametrize("depth", [1, 2])
def test_batch_normalization_is_refused_unless_it_is_frozen(depth):
    inner = keras.layers.BatchNormalization()
    layer = inner if depth == 1 else keras.Sequential([keras.Input((3,)), inner])
    network = keras.Sequential([keras.Input((3,)), layer, VirtualBatchNorm()])
    with pytest.raises(ValueError, match="`VirtualBatchNorm` instead.*Received: "):
        VirtualBatchNormalized(network, REFERENCE)
    inner.trainable = False
    inner.moving_mean.assign([1.0, -2.0, 0.5])
    model = VirtualBatchNormalized(network, REFERENCE)
    expected = virtually_normalized(*(inner(z).numpy() for z in (REFERENCE, X)))
    np.testing.assert_allclose(model(X, training=True), expected, rtol=1e-3, atol=1e-4)
    np.testing.assert_array_equal(inner.moving_mean, [1.0, -2.0, 0.5])


class Adding(keras.layers.Layer):
    def call(self, inputs):
        self.add_loss(tf.reduce_sum(inputs**2))
        return inputs

    def compute_output_shape(self, input_shape):
        return input_shape


@pytest.mark.parametrize(
    "make",
    [Adding, lambda: keras.layers.ActivityRegularization(l2=1.0)],
    ids=["add_loss", "activity"],
)
def test_the_reference_adds_no_losses(make):
    stack = [keras.Input((3,)), VirtualBatchNorm(), make()]
    network = keras.Sequential(stack)
    model = VirtualBatchNormalized(network, REFERENCE)

    def losses(x):
        model(x, training=True)
        return tf.stack(model.losses)

    total = np.sum(virtually_normalized(REFERENCE, X) ** 2)
    expected = [total if isinstance(stack[2], Adding) else total / len(X)]
    np.testing.assert_allclose(losses(X), expected, rtol=1e-4)
    np.testing.assert_allclose(tf.function(losses)(X), expected, rtol=1e-4)


def test_u_moves_once_in_a_call_and_in_a_step():
    def u_after(calls, context):
        initializer = keras.initializers.RandomNormal(seed=1)
        dense = keras.layers.Dense(5, kernel_initializer=initializer)
        spectral = layers.SpectralNormalization(dense)
        network = keras.Sequential([keras.Input((3,)), spectral, VirtualBatchNorm()])
        model = VirtualBatchNormalized(network, REFERENCE)
        spectral.u.assign([[0.6, 0.0, 0.0, -0.8, 0.0]])
        alone = spectral.u.numpy()[0]
        kernel = dense.kernel.numpy()
        with context():
            for _ in range(calls):
                model(X, training=True)
        return spectral.u.numpy()[0], kernel, alone

    def moved(kernel, u, times):
        for _ in range(times):
            u = kernel.T @ (kernel @ u)
            u /= np.linalg.norm(u)
        return u

    everywhere = tf.name_scope("everywhere")
    for context, calls, times in (
        (lambda: everywhere, 1, 1),
        (lambda: everywhere, 2, 2),
        (layers.updates_once, 2, 1),
        (layers.updates_never, 2, 0),
    ):
        u, kernel, start = u_after(calls, context)
        np.testing.assert_allclose(u, moved(kernel, start, times), rtol=1e-4, atol=1e-5)


def test_a_layer_in_two_places_has_the_statistics_of_each():
    norm = VirtualBatchNorm()
    stack = [keras.Input((3,)), norm, keras.layers.ReLU(), norm]
    inputs = stack[0]
    outputs = norm(keras.layers.ReLU()(norm(inputs)))
    model = VirtualBatchNormalized(keras.Model(inputs, outputs), REFERENCE)
    below = np.maximum(batch_norm(REFERENCE), 0.0)
    expected = np.maximum(virtually_normalized(REFERENCE, X), 0.0)
    expected = virtually_normalized(below.astype("float32"), expected)
    np.testing.assert_allclose(model(X), expected, rtol=1e-3, atol=1e-4)


def test_inputs_may_be_larger_than_the_reference():
    stack = [keras.Input((None, 3)), VirtualBatchNorm()]
    model = VirtualBatchNormalized(keras.Sequential(stack), REFERENCE.reshape(3, 2, 3))
    x = RNG.normal(size=(1, 5, 3)).astype("float32")
    expected = batch_norm(np.concatenate([REFERENCE, x[0]]))[-5:]
    np.testing.assert_allclose(model(x)[0], expected, rtol=1e-4, atol=1e-5)


def test_a_frozen_wrapper_freezes_its_network():
    network = keras.Sequential([keras.Input((3,)), VirtualBatchNorm()])
    model = VirtualBatchNormalized(network, REFERENCE, trainable=False)
    assert not keras.Sequential([keras.Input((3,)), model]).trainable_weights


def by_label(**kwargs):
    latents, labels = keras.Input((3,)), keras.Input((), dtype="int32", name="labels")
    table = keras.layers.Embedding(4, 2, name="table")
    joined = keras.layers.Concatenate()([latents, table(labels)])
    outputs = keras.layers.Dense(5, "tanh")(VirtualBatchNorm()(joined))
    network = keras.Model([latents, labels], outputs)
    return VirtualBatchNormalized(network, [REFERENCE, REFERENCE_LABELS], **kwargs)


def expected_by_label(model, x, labels):
    table = model.network.get_layer("table").get_weights()[0]

    def joined(latents, labels):
        return np.concatenate([latents, table[labels]], axis=1)

    rows = virtually_normalized(joined(REFERENCE, REFERENCE_LABELS), joined(x, labels))
    kernel, bias = model.network.layers[-1].get_weights()
    return np.tanh(rows @ kernel + bias)


def test_with_labels_the_statistics_match_the_references_labels():
    model = by_label()
    expected = expected_by_label(model, X, LABELS)
    for call in (model, tf.function(model)):
        outputs = call([tf.constant(X), tf.constant(LABELS)])
        np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-5)
    outputs = model.predict([X, LABELS], verbose=0, batch_size=3)
    np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-5)


def test_with_labels_it_has_the_shapes_and_the_types_of_the_network():
    model = by_label()
    assert model.input_shape == [(None, 3), (None,)]
    assert model.output_shape == (None, 5)
    dtypes = [tf.as_dtype(state.dtype).name for state in model.reference]
    assert dtypes == ["float32", "int32"]
    np.testing.assert_array_equal(model.reference[1], REFERENCE_LABELS)


@pytest.mark.parametrize("form", [".keras", ".weights.h5", "checkpoint"])
def test_with_labels_the_reference_is_saved(tmp_path, form):
    model, path = by_label(), str(tmp_path / f"model{form}")
    copy = by_label()
    for state in copy.reference:
        state.assign(np.zeros(state.shape))
    if form == ".keras":
        model.save(path)
        copy = keras.saving.load_model(path)
    elif form == ".weights.h5":
        model.save_weights(path)
        copy.load_weights(path)
    else:
        path = tf.train.Checkpoint(model=model).save(path)
        tf.train.Checkpoint(model=copy).restore(path).assert_existing_objects_matched()
    np.testing.assert_array_equal(copy([X, LABELS]), model([X, LABELS]))
    for one, other in zip(copy.reference, model.reference, strict=True):
        assert tf.as_dtype(one.dtype) == tf.as_dtype(other.dtype)
        np.testing.assert_array_equal(one, other)


def test_with_labels_it_is_trained_and_exported(tmp_path):
    model = by_label()
    model.compile(keras.optimizers.SGD(0.1), "mse")
    before = model.network.get_weights()
    targets = np.ones([4, 5], "float32")
    model.fit([X, LABELS], targets, batch_size=3, verbose=0)
    moved = zip(before, model.network.get_weights(), strict=True)
    assert all(np.any(old != new) for old, new in moved)
    export.save(model, str(tmp_path / "export"), num_classes=4, output_range=None)
    serve = tf.saved_model.load(str(tmp_path / "export")).signatures["serving_default"]
    outputs = serve(z=tf.constant(X), labels=tf.constant(LABELS, tf.int32))["images"]
    expected = model([tf.constant(X), tf.constant(LABELS)])
    np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-5)


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.table = keras.layers.Embedding(4, 3)
        self.norm = VirtualBatchNorm()

    def call(self, inputs):
        latents, labels = inputs
        return self.norm(latents * self.table(labels))


def test_a_subclassed_network_takes_the_inputs_it_is_given():
    network = Subclassed()
    network.table.build(None)
    network.norm.build((None, 3))
    network.built = True
    model = VirtualBatchNormalized(network, [REFERENCE, REFERENCE_LABELS])
    table = network.table.get_weights()[0]
    expected = virtually_normalized(
        REFERENCE * table[REFERENCE_LABELS], X * table[LABELS]
    )
    outputs = model([tf.constant(X), tf.constant(LABELS)])
    np.testing.assert_allclose(outputs, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    "reference",
    [
        REFERENCE,
        [REFERENCE],
        [REFERENCE, REFERENCE_LABELS, REFERENCE],
        {"latents": REFERENCE, "labels": REFERENCE_LABELS},
        None,
    ],
)
def test_a_reference_that_is_not_a_list_of_the_inputs_is_refused(reference):
    network = by_label().network
    with pytest.raises(ValueError, match="list of 2 arrays.*Received: reference="):
        VirtualBatchNormalized(network, reference)


@pytest.mark.parametrize(
    "reference",
    [
        [REFERENCE[:, :2], REFERENCE_LABELS],
        [REFERENCE, REFERENCE_LABELS + 0.5],
        [REFERENCE, REFERENCE_LABELS[:, np.newaxis]],
        [REFERENCE[:4], REFERENCE_LABELS],
        [REFERENCE[:0], REFERENCE_LABELS[:0]],
    ],
    ids=["width", "fraction", "rank", "rows", "empty"],
)
def test_a_reference_that_does_not_fit_the_inputs_is_refused(reference):
    network = by_label().network
    with pytest.raises(ValueError, match=r"Received: reference.shape="):
        VirtualBatchNormalized(network, reference)
