import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_tricks import _facts
from tfgan_tricks import layers
from tfgan_tricks import networks

L = keras.layers


class Subclassed(keras.Model):
    """Latents of size 4, with labels if called on two tensors, to pairs."""

    def __init__(self, ends=1):
        super().__init__()
        self.ends = ends
        self.dense = L.Dense(2)
        self.table = L.Embedding(5, 4)

    def build(self, input_shape):
        self.dense.build((None, 4))
        self.table.build((None,))
        super().build(input_shape)

    def call(self, inputs, training=None):
        if isinstance(inputs, dict):
            inputs = [inputs["z"], inputs["labels"]]
        if isinstance(inputs, list | tuple):
            z, labels = inputs
            inputs = z + tf.reshape(self.table(labels), [-1, 4])
        y = self.dense(inputs)
        return y if self.ends == 1 else (y, inputs)


def built(shape):
    network = Subclassed()
    network.build(shape)
    return network


def called(*shapes, **kwargs):
    network = Subclassed(**kwargs)
    tensors = [tf.zeros(shape) for shape in shapes]
    network(tensors if len(tensors) > 1 else tensors[0])
    return network


def nested():
    z = keras.Input((4,))
    return keras.Model(z, Subclassed()(z))


def functional(label=(), dtype="int32", as_dict=False, end=2):
    z = keras.Input((4,), name="z")
    labels = keras.Input(label, dtype=dtype, name="labels")
    vectors = labels
    if label in ((), (1,)):
        vectors = L.Reshape((4,))(L.Embedding(5, 4)(labels))
    joined = L.Concatenate()([z, L.Reshape((vectors.shape[1],))(vectors)])
    taken = {"labels": labels, "z": z} if as_dict else [z, labels]
    return keras.Model(taken, L.Dense(end)(joined))


def sequential(*stack):
    return keras.Sequential([keras.Input((4,)), *stack])


def virtual():
    network = sequential(L.Dense(2), layers.VirtualBatchNorm(), L.Activation("tanh"))
    return layers.VirtualBatchNormalized(network, np.ones([3, 4]))


def with_batch():
    z = keras.Input((4,), batch_size=7)
    return keras.Model(z, L.Dense(2)(z))


class Averaged:
    """Stand-in for the moving average of a network."""

    def __init__(self, averaged):
        self.averaged = averaged


UNCONDITIONAL = {
    "sequential": lambda: sequential(L.Dense(2)),
    "virtual": virtual,
    "built": lambda: built((None, 4)),
    "built for a batch": lambda: built((9, 4)),
    "called": lambda: called((3, 4)),
    "nested": nested,
    "fixed batch": with_batch,
    "averaged": lambda: Averaged(nested()),
}
CONDITIONAL = {
    "functional": (functional, (None,)),
    "column": (lambda: functional((1,)), (None, 1)),
    "one-hot": (lambda: functional((5,), "float32"), (None, 5)),
    "dict": (lambda: functional(as_dict=True), (None,)),
    "built": (lambda: built([(None, 4), (None,)]), (None,)),
    "called": (lambda: called((3, 4), (3, 1)), (None, 1)),
    "averaged": (lambda: Averaged(functional((1,))), (None, 1)),
}


@pytest.mark.parametrize("name", UNCONDITIONAL)
def test_of_a_network_of_latents(name):
    network = UNCONDITIONAL[name]()
    assert _facts.input_shapes(network) == ((None, 4),)
    assert _facts.output_shape(network) == (None, 2)
    assert _facts.latent_dim(network) == 4
    assert not _facts.is_conditional(network)
    assert _facts.num_classes(network) is None
    z = tf.ones([3, 4])
    assert _facts.inputs(network, z) is z
    assert _facts.inputs(network, z, tf.constant([0, 1, 2])) is z


@pytest.mark.parametrize("name", CONDITIONAL)
def test_of_a_network_of_latents_and_labels(name):
    make, label_shape = CONDITIONAL[name]
    network = make()
    assert _facts.input_shapes(network) == ((None, 4), label_shape)
    assert _facts.output_shape(network) == (None, 2)
    assert _facts.latent_dim(network) == 4
    assert _facts.is_conditional(network)
    assert _facts.num_classes(network) == 5


@pytest.mark.parametrize("name", CONDITIONAL)
@pytest.mark.parametrize(
    "given", ["index", "int64", "column", "float column", "one-hot", "int one-hot"]
)
def test_labels_take_the_form_that_the_network_declares(name, given):
    make, label_shape = CONDITIONAL[name]
    network = make()
    labels = {
        "index": tf.constant([3, 0, 4]),
        "int64": np.array([3, 0, 4]),
        "column": np.array([[3], [0], [4]], "uint8"),
        "float column": np.array([[3.0], [0.0], [4.0]], "float32"),
        "one-hot": tf.one_hot([3, 0, 4], 5),
        "int one-hot": np.eye(5, dtype=int)[[3, 0, 4]],
    }[given]
    z = tf.reshape(tf.range(12.0), [3, 4])
    for wrap in (lambda f: f, tf.function):
        taken = wrap(lambda: _facts.inputs(network, z, labels))()
        if name == "dict":
            assert set(taken) == {"z", "labels"}
            taken = [taken["z"], taken["labels"]]
        np.testing.assert_array_equal(taken[0], z)
        assert taken[1].shape == (3, *label_shape[1:])
        wanted = np.eye(5)[[3, 0, 4]] if label_shape == (None, 5) else [3, 0, 4]
        np.testing.assert_array_equal(np.reshape(taken[1], np.shape(wanted)), wanted)
        if label_shape == (None, 5):
            assert taken[1].dtype == tf.float32


def test_a_network_accepts_what_it_is_called_on():
    for make, _ in CONDITIONAL.values():
        network = make()
        network = getattr(network, "averaged", network)
        z, labels = tf.ones([3, 4]), tf.constant([3, 0, 4])
        assert network(_facts.inputs(network, z, labels)).shape == (3, 2)


def test_numbers_that_a_network_declares_as_labels_are_left_alone():
    network = functional((2,), "float32")
    numbers = tf.constant([[0.25, -3.0], [1.5, 2.0]])
    assert _facts.inputs(network, tf.ones([2, 4]), numbers)[1] is numbers
    heights = tf.constant([[0.25], [1.5]])
    network = functional((1,), "float32")
    assert _facts.inputs(network, tf.ones([2, 4]), heights)[1] is heights


@pytest.mark.parametrize("shape", [(3, 4), (3, 2, 2)])
def test_labels_of_another_width_are_refused(shape):
    network = functional((5,), "float32")
    with pytest.raises(ValueError, match=r"`labels` must.*\(None, 5\).*Received: labe"):
        _facts.inputs(network, tf.ones([3, 4]), tf.zeros(shape))


def test_missing_labels_are_refused():
    with pytest.raises(ValueError, match="Received: labels=None"):
        _facts.inputs(functional(), tf.ones([3, 4]))


def test_dicts_of_one_input():
    z = keras.Input((4,), name="z")
    network = keras.Model({"z": z}, L.Dense(2)(z))
    assert _facts.latent_dim(network) == 4
    assert set(_facts.inputs(network, tf.ones([3, 4]))) == {"z"}


def test_a_network_that_is_not_built_is_unknown():
    for network in (Subclassed(), keras.Sequential([L.Dense(2)])):
        assert _facts.input_shapes(network) == ()
        assert _facts.output_shape(network) is None
        assert not _facts.is_conditional(network)
        with pytest.raises(ValueError, match="call it once on latents"):
            _facts.latent_dim(network)


def test_several_outputs_have_a_list_of_shapes():
    z = keras.Input((4,))
    for network in (keras.Model(z, [L.Dense(2)(z), z]), called((3, 4), ends=2)):
        assert _facts.output_shape(network) == [(None, 2), (None, 4)]


def test_asking_does_not_change_a_network():
    network = called((3, 4), (3,))
    before = [len(network._inbound_nodes), len(network.dense._inbound_nodes)]
    weights = network.get_weights()
    _facts.output_shape(network)
    assert [len(network._inbound_nodes), len(network.dense._inbound_nodes)] == before
    for now, then in zip(network.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(now, then)


@pytest.mark.parametrize(
    "shapes", [[(8, 8, 1)], [(None,)], [(4,), (8, 8, 1)], [(4,), (3,), ()], [()]]
)
def test_other_inputs_than_latents_are_named(shapes):
    tensors = [keras.Input(shape) for shape in shapes]
    network = keras.Model(tensors, [L.Activation("relu")(one) for one in tensors])
    with pytest.raises(ValueError, match="Received: generator.input_shape=") as told:
        _facts.latent_dim(network)
    for shape in shapes:
        assert str((None, *shape)) in str(told.value)


def encoded(tokens, labels):
    return L.CategoryEncoding(tokens, output_mode="one_hot")(labels)


def with_labels(*read, shape=(1,)):
    """Returns a generator whose labels are read by functions of a tensor."""
    z, labels = keras.Input((4,)), keras.Input(shape, dtype="int32")
    flat = [L.Flatten()(one(labels)) for one in read]
    return keras.Model([z, labels], L.Concatenate()([z, *flat]))


@pytest.mark.parametrize(
    "make, expected",
    [
        (lambda: with_labels(L.Embedding(6, 3)), 6),
        (lambda: with_labels(lambda y: L.Embedding(6, 3)(L.Flatten()(y))), 6),
        (lambda: with_labels(lambda y: encoded(7, y)), 7),
        (lambda: with_labels(layers.SpectralNormalization(L.Embedding(6, 3))), 6),
        (lambda: with_labels(L.Embedding(6, 3), L.Embedding(6, 2)), 6),
        (lambda: with_labels(L.Embedding(6, 3), L.Embedding(8, 2)), None),
        (lambda: with_labels(L.Rescaling(0.1)), None),
        (lambda: networks.dcgan_generator(8, 1, 4, width=2, num_classes=9), 9),
        (lambda: networks.dcgan_discriminator(8, 1, width=2, num_classes=9), 9),
    ],
)
def test_number_of_labels(make, expected):
    assert _facts.num_classes(make()) == expected


def test_tables_of_other_things_are_not_labels():
    """The other input is looked up as well."""
    z, labels = keras.Input((4,)), keras.Input((), dtype="int32")
    codes = L.Flatten()(L.Embedding(32, 2)(z))
    network = keras.Model(
        [z, labels], L.Concatenate()([codes, L.Embedding(6, 3)(labels)])
    )
    assert _facts.num_classes(network) == 6


def lecun_tanh(x):
    return 1.7159 * tf.tanh(2 * x / 3)


lecun_tanh.__name__ = "tanh"


class TimesTen(L.Dense):
    def call(self, inputs):
        return 10 * super().call(inputs)


class OwnEnd(keras.Sequential):
    def call(self, inputs, training=None):
        return 10 * super().call(inputs, training=training)


class OwnList(keras.Sequential):
    """Has no `call` of its own."""


def ends_in(layer, *more):
    z = keras.Input((4,))
    x = layer(L.Dense(2)(z))
    for one in more:
        x = one(x)
    return keras.Model(z, x)


def ends_in_training(layer):
    z = keras.Input((4,))
    return keras.Model(z, layer(L.Dense(2, "tanh")(z), training=True))


def two_ends(join):
    z = keras.Input((4,))
    return keras.Model(z, join([L.Dense(2, "tanh")(z), L.Dense(2, "tanh")(z)]))


ROW = L.Reshape((1, 2, 1))
UNIT, SYMMETRIC = (0.0, 1.0), (-1.0, 1.0)
ENDS = {
    "tanh": (lambda: sequential(L.Dense(2, "tanh")), "tanh", SYMMETRIC),
    "linear": (lambda: sequential(L.Dense(2)), "linear", None),
    "function of keras": (
        lambda: sequential(L.Dense(2, keras.activations.sigmoid)),
        "sigmoid",
        UNIT,
    ),
    "function of tf": (lambda: sequential(L.Dense(2, tf.nn.tanh)), "tanh", SYMMETRIC),
    "tf softmax": (lambda: sequential(L.Dense(2, tf.nn.softmax)), "softmax", UNIT),
    "relu6": (lambda: sequential(L.Dense(2, tf.nn.relu6)), "relu6", (0.0, 6.0)),
    "softsign": (lambda: sequential(L.Dense(2, "softsign")), "softsign", SYMMETRIC),
    "hard": (lambda: sequential(L.Dense(2, "hard_sigmoid")), "hard_sigmoid", UNIT),
    "softplus": (lambda: sequential(L.Dense(2, "softplus")), "softplus", None),
    "activation layer": (lambda: ends_in(L.Activation("sigmoid")), "sigmoid", UNIT),
    "layer as function": (
        lambda: sequential(L.Dense(2, activation=L.ReLU(3.0))),
        "relu",
        (0.0, 3.0),
    ),
    "relu layer": (lambda: ends_in(L.ReLU()), "relu", None),
    "softmax layer": (lambda: ends_in(L.Softmax()), "softmax", UNIT),
    "leaky layer": (lambda: ends_in(L.LeakyReLU(0.2)), "leaky_relu", None),
    "linear in float32": (
        lambda: sequential(L.Dense(2, "tanh"), L.Activation("linear", dtype="float32")),
        "tanh",
        SYMMETRIC,
    ),
    "reshaped": (
        lambda: ends_in(L.Activation("tanh"), ROW, L.Permute((2, 1, 3)), L.Flatten()),
        "tanh",
        SYMMETRIC,
    ),
    "padded": (
        lambda: ends_in(L.Activation("sigmoid"), ROW, L.ZeroPadding2D(1)),
        "sigmoid",
        UNIT,
    ),
    "rescaled": (
        lambda: ends_in(L.Activation("tanh"), L.Rescaling(127.5, 127.5)),
        "tanh",
        (0.0, 255.0),
    ),
    "rescaled, negative": (
        lambda: ends_in(L.Activation("sigmoid"), L.Rescaling(-2.0, 0.5)),
        "sigmoid",
        (-1.5, 0.5),
    ),
    "rescaled twice, padded between": (
        lambda: ends_in(
            L.Activation("sigmoid"),
            ROW,
            L.Rescaling(2.0, 1.0),
            L.ZeroPadding2D(1),
            L.Rescaling(10.0, 1.0),
        ),
        "sigmoid",
        (1.0, 31.0),
    ),
    "enlarged": (
        lambda: ends_in(L.Activation("tanh"), ROW, L.UpSampling2D(2, None, "bilinear")),
        "tanh",
        SYMMETRIC,
    ),
    "enlarged beyond": (
        lambda: ends_in(L.Activation("tanh"), ROW, L.Resizing(4, 4, "bicubic")),
        None,
        None,
    ),
    "pooled": (
        lambda: ends_in(L.Activation("sigmoid"), ROW, L.GlobalAveragePooling2D()),
        "sigmoid",
        UNIT,
    ),
    "dropout": (lambda: ends_in(L.Activation("tanh"), L.Dropout(0.5)), "tanh", (-1, 1)),
    "dropout that stays": (lambda: ends_in_training(L.Dropout(0.5)), None, None),
    "nested": (
        lambda: ends_in(sequential_of(L.Dense(3), L.Activation("tanh"))),
        "tanh",
        SYMMETRIC,
    ),
    "nested before": (
        lambda: sequential(sequential(L.Dense(2, "tanh")), L.Rescaling(2.0)),
        "tanh",
        (-2.0, 2.0),
    ),
    "wrapped": (
        lambda: sequential(layers.SpectralNormalization(L.Dense(2, "tanh"))),
        "tanh",
        SYMMETRIC,
    ),
    "time": (
        lambda: sequential(L.Reshape((2, 2)), L.TimeDistributed(L.Dense(2, "sigmoid"))),
        "sigmoid",
        UNIT,
    ),
    "virtual": (virtual, "tanh", SYMMETRIC),
    "averaged": (
        lambda: Averaged(sequential(L.Dense(2, "tanh"))),
        "tanh",
        SYMMETRIC,
    ),
    "weight norm": (
        lambda: sequential(layers.WeightNormDense(2, "sigmoid")),
        "sigmoid",
        UNIT,
    ),
    "no call of its own": (
        lambda: OwnList([keras.Input((4,)), L.Dense(2, "tanh")]),
        "tanh",
        SYMMETRIC,
    ),
    "dcgan": (lambda: networks.dcgan_generator(8, 1, 4, width=2), "tanh", SYMMETRIC),
    "points": (lambda: networks.mlp_generator((2,), 4), "linear", None),
    "own function of a known name": (
        lambda: sequential(L.Dense(2, lecun_tanh)),
        None,
        None,
    ),
    "own function": (lambda: sequential(L.Dense(2, lambda x: 2 * x)), None, None),
    "lambda": (
        lambda: ends_in(L.Activation("tanh"), L.Lambda(lambda x: 9 * x)),
        None,
        None,
    ),
    "own layer": (lambda: sequential(TimesTen(2, "tanh")), None, None),
    "own model": (lambda: OwnEnd([keras.Input((4,)), L.Dense(2, "tanh")]), None, None),
    "subclassed": (lambda: called((3, 4)), None, None),
    "nested subclassed": (nested, None, None),
    "recurrent": (
        lambda: sequential(L.Reshape((2, 2)), L.GRU(2, activation="tanh")),
        None,
        None,
    ),
    "normalized": (
        lambda: ends_in(L.Activation("tanh"), L.BatchNormalization()),
        None,
        None,
    ),
    "sum": (lambda: two_ends(L.Add()), None, None),
    "sum within": (
        lambda: ends_in(two_inside()),
        None,
        None,
    ),
}


def sequential_of(*stack):
    return keras.Sequential(list(stack))


def two_inside():
    z = keras.Input((2,))
    return keras.Model(z, L.Add()([L.Dense(2, "tanh")(z), z]))


@pytest.mark.parametrize("name", ENDS)
def test_activation_and_range_of_the_end(name):
    make, activation, bounds = ENDS[name]
    network = make()
    assert _facts.activation(network) == activation
    assert _facts.output_range(network) == bounds
    if bounds is not None:
        network = getattr(network, "averaged", network)
        z = 100 * tf.random.stateless_normal([64, 4], seed=[1, 2])
        outputs = network(z, training=False)
        assert bounds[0] <= np.min(outputs) and np.max(outputs) <= bounds[1]


def test_functions_in_place_of_layers():
    """Keras 3 makes operations of its own functions, Keras 2 layers of TensorFlow's."""
    z = keras.Input((4,))
    for function, name in (
        (keras.activations.tanh, "tanh"),
        (keras.activations.sigmoid, "sigmoid"),
        (keras.activations.softsign, "softsign"),
    ):
        network = keras.Model(z, function(L.Dense(2)(z)))
        assert _facts.activation(network) == name
        assert _facts.output_range(network) == _facts._RANGES[name]
        scaled = keras.Model(z, function(L.Dense(2)(z)) * 3.0)
        assert _facts.activation(scaled) is None
        assert _facts.output_range(scaled) is None
