import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.generators import LATENT_DIM
from tests.generators import NUM_CLASSES
from tests.generators import conditional_generator
from tests.generators import image_generator
from tests.generators import point_generator
from tfgan_tricks import export


def test_sample_draws_standard_normal_latents():
    inputs = keras.Input((LATENT_DIM,))
    identity = keras.Model(inputs, keras.layers.Activation("linear")(inputs))
    z = export.Sampler(identity).sample(20_000, 5)["images"].numpy()
    np.testing.assert_allclose(z.mean(axis=0), 0, atol=0.03)
    np.testing.assert_allclose(np.cov(z.T), np.eye(LATENT_DIM), atol=0.04)


@pytest.mark.parametrize("num_classes", [0, 2.0, NUM_CLASSES + 1])
def test_the_number_of_labels_must_fit_the_generator(num_classes):
    with pytest.raises(ValueError, match="Received: num_classes="):
        export.Sampler(conditional_generator(), num_classes)


def test_the_number_of_labels_is_for_generators_of_labels_only():
    with pytest.raises(ValueError, match="Received: num_classes=3"):
        export.Sampler(point_generator(), 3)


def test_fewer_labels_than_the_generator_knows_may_be_named():
    assert export.Sampler(conditional_generator(), 2).num_classes == 2


def test_the_number_of_labels_is_needed_where_no_layer_tells_it():
    z, labels = keras.Input((LATENT_DIM,)), keras.Input((1,))
    generator = keras.Model([z, labels], keras.layers.Concatenate()([z, labels]))
    with pytest.raises(ValueError, match="must be given.*Received: num_classes=None"):
        export.Sampler(generator)
    images = export.Sampler(generator, 4).sample([3, 1], 0)["images"]
    np.testing.assert_array_equal(images[:, LATENT_DIM], [3, 1])


def generator_of_label_input(shape, dtype):
    """Returns points that are z and then the label, from -1."""
    z, labels = keras.Input((LATENT_DIM,)), keras.Input(shape, dtype=dtype)
    if shape == (NUM_CLASSES,):
        tell = keras.layers.Dense(1)
        column = tell(labels)
    else:
        tell = keras.layers.Embedding(NUM_CLASSES, 1)
        column = keras.layers.Reshape((1,))(tell(labels))
    generator = keras.Model([z, labels], keras.layers.Concatenate()([z, column]))
    values = np.arange(-1.0, NUM_CLASSES - 1)[:, np.newaxis]
    tell.set_weights([values, *(np.zeros(1) for _ in tell.get_weights()[1:])])
    return generator


@pytest.mark.parametrize(
    "shape, dtype", [((), "int32"), ((1,), "int32"), ((NUM_CLASSES,), "float32")]
)
def test_labels_in_the_form_that_the_generator_takes(tmp_path, shape, dtype):
    generator = generator_of_label_input(shape, dtype)
    described = export.save(generator, tmp_path / "export")
    assert described["num_classes"] == NUM_CLASSES
    loaded = tf.saved_model.load(str(tmp_path / "export"))
    sampler = export.Sampler(generator)
    z = tf.random.stateless_normal([4, LATENT_DIM], [5, 0], alg="philox")
    expected = np.concatenate([z, [[1], [-1], [0], [1]]], axis=1)
    for labels in (np.array([2, 0, 1, 2]), tf.constant([2, 0, 1, 2])):
        for sample in (sampler.sample, loaded.sample, loaded.signatures["sample"]):
            images = sample(labels=labels, seed=tf.constant(5))["images"]
            np.testing.assert_allclose(images, expected, rtol=1e-6)


class Subclassed(keras.Model):
    """z plus a vector of ones times the label, times ten."""

    def __init__(self):
        super().__init__()
        self.table = keras.layers.Embedding(NUM_CLASSES, LATENT_DIM)

    def call(self, inputs):
        return inputs[0] + self.table(inputs[1])


def test_a_subclassed_generator(tmp_path):
    generator = Subclassed()
    generator([tf.zeros([2, LATENT_DIM]), tf.zeros([2], tf.int32)])
    generator.set_weights([np.repeat([[0.0], [10.0], [20.0]], LATENT_DIM, axis=1)])
    export.save(generator, tmp_path / "export")
    loaded = tf.saved_model.load(str(tmp_path / "export"))
    images = loaded.signatures["sample"](labels=np.array([2, 1]), seed=np.array(3))
    z = tf.random.stateless_normal([2, LATENT_DIM], [3, 0], alg="philox")
    np.testing.assert_allclose(images["images"], z + [[20.0], [10.0]], rtol=1e-6)


def test_one_output_in_a_list_is_one_output():
    z = keras.Input((LATENT_DIM,))
    generator = keras.Model(z, [keras.layers.Activation("linear")(z)])
    images = export.Sampler(generator).generate(np.ones([5, LATENT_DIM]))["images"]
    np.testing.assert_array_equal(images, np.ones([5, LATENT_DIM]))


@pytest.fixture(scope="module", params=["images", "by class"])
def exported(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("exported") / "export"
    by_class = request.param == "by class"
    generator = conditional_generator() if by_class else image_generator()
    export.save(generator, path)
    return export.Sampler(generator), tf.saved_model.load(str(path))


INTEGERS = [int, np.int64, np.uint8, np.array, tf.constant, tf.int32, tf.int64]


def of_type(kind, value):
    if isinstance(kind, tf.DType):
        return tf.constant(value, kind)
    return np.asarray(value, kind) if isinstance(value, list) else kind(value)


@pytest.mark.parametrize("kind", INTEGERS)
def test_numbers_of_any_integer_type(exported, kind):
    sampler, loaded = exported
    name, value = ("num_images", 3) if sampler.num_classes is None else ("labels", [1])
    arguments = {"seed": tf.constant(6), name: tf.constant(value)}
    expected = loaded.signatures["sample"](**arguments)["images"]
    if isinstance(value, list) and kind in (int, np.array, tf.constant):
        kind = np.int64
    given = {name: of_type(kind, value), "seed": of_type(kind, 6)}
    mixed = {name: given[name], "seed": tf.constant(6, tf.int32)}
    samples = [sampler.sample] + [loaded.sample] * (kind is not np.uint8)
    # Arrays and numbers are converted by TensorFlow; tensors of one type it refuses.
    samples += [loaded.signatures["sample"]] if kind is not tf.int64 else []
    for sample in samples:
        for arguments in (given, mixed):
            images = sample(**arguments)["images"]
            np.testing.assert_allclose(images, expected, atol=1e-6)


def test_latents_of_another_type(exported):
    sampler, loaded = exported
    z = np.array([[0.25, -1.5, 2.0], [1.0, 0.5, -0.125]])
    more = {} if sampler.num_classes is None else {"labels": np.array([2, 0])}
    expected = sampler.generate(z=z.astype("float32"), **more)["images"]
    for latents in (z, z.astype("float16"), z.tolist(), tf.constant(z)):
        images = sampler.generate(z=latents, **more)["images"]
        np.testing.assert_allclose(images, expected, atol=1e-6)
    for latents in (z, tf.constant(z)):
        images = loaded.generate(z=latents, **more)["images"]
        np.testing.assert_allclose(images, expected, atol=1e-6)


def test_large_seeds_are_taken_whole():
    sampler = export.Sampler(point_generator())
    first, second = (sampler.sample(2, seed)["images"] for seed in (1, 2**40 + 1))
    assert not np.allclose(first, second)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"num_images": -1, "seed": 0}, "must be 0 or more. Received: num_images=-1"),
        ({"num_images": 2.0, "seed": 0}, "be integers. Received: num_images=2.0"),
        ({"num_images": [2], "seed": 0}, r"Received: num_images.shape=\(1,\)"),
        ({"num_images": 2, "seed": [0, 1]}, r"Received: seed.shape=\(2,\)"),
        ({"num_images": True, "seed": 0}, "Received: num_images=True"),
    ],
)
def test_bad_arguments_are_refused_in_one_line(arguments, message):
    with pytest.raises(ValueError, match=message) as told:
        export.Sampler(point_generator()).sample(**arguments)
    assert "\n" not in str(told.value)


def test_latents_of_another_length_are_refused_in_one_line():
    with pytest.raises(ValueError, match=r"\(None, 3\). Received: z.shape=\(2, 4\)"):
        export.Sampler(point_generator()).generate(np.zeros([2, 4]))


def test_no_images_may_be_sampled(exported):
    sampler, loaded = exported
    what = 0 if sampler.num_classes is None else np.zeros([0], "int32")
    for sample in (sampler.sample, loaded.sample):
        assert sample(what, seed=1)["images"].shape[0] == 0
    assert len(export.samples(sampler, what)) == 0


@pytest.mark.parametrize("batch_size", [1, 4, 10, 100])
def test_samples_do_not_depend_on_how_many_are_generated_at_once(exported, batch_size):
    sampler, _ = exported
    what = 10 if sampler.num_classes is None else [0, 1, 2, 2, 1, 0, 1, 1, 2, 0]
    sizes, generate = [], sampler.generate

    def counted(z, *labels):
        sizes.append(len(z))
        return generate(z, *labels)

    expected = sampler.sample(what, 7)["images"]
    sampler.generate = counted
    images = export.samples(sampler, what, seed=7, batch_size=batch_size)
    sampler.generate = generate
    np.testing.assert_allclose(images, expected, atol=1e-6)
    assert max(sizes) <= batch_size and sum(sizes) == 10


def test_samples_of_a_generator():
    images = export.samples(point_generator(), 5, seed=3)
    assert images.shape == (5, 2) and images.dtype == np.float32


@pytest.mark.parametrize(
    "arguments", [{"num_images": -1}, {"num_images": 2, "batch_size": 0}]
)
def test_numbers_of_samples_out_of_range(arguments):
    with pytest.raises(ValueError, match="Received: "):
        export.samples(point_generator(), **arguments)
