import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.callbacks.tiny import Tiny
from tests.callbacks.tiny import train
from tfgan_tricks import callbacks
from tfgan_tricks import export
from tfgan_tricks import networks


class ImageTiny(Tiny):
    """Its generator makes 8x8 images that shift by the bias, that is the step."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.generator = image_generator()


def image_generator():
    generator = keras.Sequential(
        [
            keras.layers.InputLayer((3,)),
            keras.layers.Dense(64, kernel_initializer="random_normal"),
            keras.layers.Reshape((8, 8, 1)),
            keras.layers.GaussianNoise(1.0),
        ]
    )
    rng = np.random.default_rng(0)
    generator.set_weights([rng.normal(0, 0.2, w.shape) for w in generator.weights])
    return generator


def decoded(path):
    return tf.io.decode_png(path.read_bytes()).numpy()


def names(directory):
    return sorted(path.name for path in directory.iterdir())


def test_files_are_named_by_step(tmp_path):
    train(ImageTiny(), [callbacks.SampleGrid(tmp_path / "s", every=3)], steps=7)
    expected = ["step-000003.png", "step-000006.png", "step-000007.png"]
    assert names(tmp_path / "s") == expected


def test_picture_is_what_the_exported_generator_samples(tmp_path):
    model = ImageTiny()
    grid = callbacks.SampleGrid(tmp_path, every=1, num_samples=6, seed=4)
    train(model, [grid], steps=1)
    images = export.Sampler(model.generator).sample(6, 4)["images"]
    np.testing.assert_array_equal(
        decoded(tmp_path / "step-000001.png"), callbacks.picture(images)
    )


def test_latents_are_the_same_at_every_step(tmp_path):
    fixed = image_generator()
    for seed in (0, 1):
        grid = callbacks.SampleGrid(
            tmp_path / str(seed), every=1, generator=fixed, seed=seed
        )
        train(ImageTiny(), [grid], steps=2)
    first, second = (decoded(path) for path in sorted((tmp_path / "0").iterdir()))
    np.testing.assert_array_equal(first, second)
    other = decoded(tmp_path / "1" / "step-000001.png")
    assert not np.array_equal(first, other)


def test_average_is_drawn_where_the_model_keeps_one(tmp_path):
    model = ImageTiny()
    average = image_generator()
    average.set_weights([w * 0 for w in average.get_weights()])
    object.__setattr__(model, "sampling_generator", average)
    train(model, [callbacks.SampleGrid(tmp_path, every=1)], steps=1)
    assert set(np.unique(decoded(tmp_path / "step-000001.png"))) == {128, 255}


def test_points_are_drawn_on_the_real_ones(tmp_path):
    real = np.array([[-9.0, 0.0], [9.0, 0.0]])
    model = Tiny()
    train(model, [callbacks.SampleGrid(tmp_path, every=1, real=real)], steps=1)
    points = export.Sampler(model.generator).sample(64, 0)["images"]
    expected = callbacks.picture(points, real)
    np.testing.assert_array_equal(decoded(tmp_path / "step-000001.png"), expected)


def test_tensorboard_gets_the_same_grid(tmp_path):
    grid = callbacks.SampleGrid(tmp_path / "s", every=2, log_dir=tmp_path / "tb")
    train(ImageTiny(), [grid], steps=4)
    found = {}
    for file in (tmp_path / "tb").iterdir():
        for record in tf.data.TFRecordDataset(str(file)):
            event = tf.compat.v1.Event.FromString(record.numpy())
            for value in event.summary.value:
                found[event.step, value.tag] = tf.make_ndarray(value.tensor)[2]
    assert sorted(found) == [(2, "samples"), (4, "samples")]
    for (step, _), png in found.items():
        on_disk = decoded(tmp_path / "s" / f"step-{step:06d}.png")
        np.testing.assert_array_equal(tf.io.decode_png(png), on_disk)


def conditional_generator():
    z, labels = keras.Input((3,)), keras.Input((), dtype="int32")
    joined = keras.layers.Add()([z, keras.layers.Embedding(5, 3)(labels)])
    pixels = keras.layers.Dense(64, kernel_initializer="random_normal")(joined)
    return keras.Model([z, labels], keras.layers.Reshape((8, 8, 1))(pixels))


def test_samples_are_of_all_labels_in_turn(tmp_path):
    model = ImageTiny()
    model.generator = conditional_generator()
    grid = callbacks.SampleGrid(tmp_path, every=1, num_samples=7, num_classes=5, seed=4)
    train(model, [grid], steps=1)
    labels = tf.constant([0, 1, 2, 3, 4, 0, 1])
    images = export.Sampler(model.generator, 5).sample(labels, 4)["images"]
    np.testing.assert_array_equal(
        decoded(tmp_path / "step-000001.png"), callbacks.picture(images)
    )


def test_each_row_shows_ten_samples_of_a_label(tmp_path):
    model = ImageTiny()
    model.generator = conditional_generator()
    train(model, [callbacks.SampleGrid(tmp_path, every=1, seed=4)], steps=1)
    labels = np.arange(50) % 5
    images = export.Sampler(model.generator, 5).sample(labels, 4)["images"].numpy()
    by_label = np.concatenate([images[labels == label] for label in range(5)])
    tiles = callbacks.picture(by_label[:1]).shape[0] + 2
    grid = decoded(tmp_path / "step-000001.png")
    assert grid.shape == (5 * tiles - 2, 10 * tiles - 2, 1)
    for index, image in enumerate(by_label):
        top, left = index // 10 * tiles, index % 10 * tiles
        tile = grid[top : top + tiles - 2, left : left + tiles - 2]
        np.testing.assert_array_equal(tile, callbacks.picture(image[None]))


def labeled(shape, dtype):
    """Returns a generator of 8x8 images that depend on one of five labels."""
    z, labels = keras.Input((3,)), keras.Input(shape, dtype=dtype)
    vectors = labels
    if shape != (5,):
        vectors = keras.layers.Reshape((3,))(keras.layers.Embedding(5, 3)(labels))
    joined = keras.layers.Concatenate()([z, vectors])
    pixels = keras.layers.Dense(64, kernel_initializer="random_normal")(joined)
    generator = keras.Model([z, labels], keras.layers.Reshape((8, 8, 1))(pixels))
    rng = np.random.default_rng(0)
    generator.set_weights([rng.normal(0, 0.3, w.shape) for w in generator.weights])
    return generator


@pytest.mark.parametrize(
    "shape, dtype", [((), "int32"), ((1,), "int32"), ((5,), "float32")]
)
def test_labels_are_found_in_the_generator(tmp_path, shape, dtype):
    model = ImageTiny()
    model.generator = labeled(shape, dtype)
    train(model, [callbacks.SampleGrid(tmp_path, every=1, num_samples=7)], steps=1)
    z = tf.random.stateless_normal([7, 3], seed=[0, 0], alg="philox")
    labels = np.array([0, 1, 2, 3, 4, 0, 1])
    labels = np.eye(5, dtype="float32")[labels] if shape == (5,) else labels
    labels = tf.constant(labels.reshape(-1, *shape))
    images = model.generator([z, labels]).numpy()
    np.testing.assert_array_equal(
        decoded(tmp_path / "step-000001.png"), callbacks.picture(images)
    )


class Unlooked(keras.layers.Layer):
    """Uses labels as numbers, so that nothing says how many there are."""

    def call(self, inputs):
        return tf.cast(inputs, "float32")[:, tf.newaxis] * tf.ones([1, 3])


def unknown_labels():
    z, labels = keras.Input((3,)), keras.Input((), dtype="int32")
    joined = keras.layers.Add()([z, Unlooked()(labels)])
    pixels = keras.layers.Dense(64)(joined)
    return keras.Model([z, labels], keras.layers.Reshape((8, 8, 1))(pixels))


def ending_in(*layers):
    return lambda: keras.Sequential([keras.Input((3,)), *layers])


def two_outputs():
    z = keras.Input((3,))
    return keras.Model(z, [keras.layers.Dense(2)(z), keras.layers.Dense(2)(z)])


class Unbuilt(keras.Model):
    def call(self, inputs, training=None):
        return inputs


@pytest.mark.parametrize(
    "make, options, message",
    [
        (unknown_labels, {}, "`num_classes` must be given.*=None"),
        (image_generator, {"num_classes": 3}, "`num_classes` must be None.*=3"),
        (conditional_generator, {"num_classes": 6}, "at most 5.*num_classes=6"),
        (
            ending_in(keras.layers.Dense(784)),
            {},
            r"Reshape\(\(28, 28, 1\)\).*None, 784",
        ),
        (ending_in(keras.layers.Dense(3072)), {}, r"Reshape\(\(32, 32, 3\)\).*3072"),
        (ending_in(keras.layers.Dense(5)), {}, r"without `SampleGrid`.*\(None, 5\)"),
        (
            ending_in(keras.layers.Dense(64), keras.layers.Reshape((8, 8))),
            {},
            r"Reshape\(\(8, 8, 1\)\).*\(None, 8, 8\)",
        ),
        (two_outputs, {}, r"one output.*Received: generator.output_shape=\["),
        (Unbuilt, {}, "call it once on latents"),
        (lambda: None, {}, "`generator` must be given.*Received: generator=None"),
    ],
)
def test_what_cannot_be_drawn_is_refused_before_the_first_step(
    tmp_path, make, options, message
):
    model = ImageTiny()
    model.generator = make()
    with pytest.raises(ValueError, match=message):
        train(model, [callbacks.SampleGrid(tmp_path, 1, **options)], steps=1)
    assert int(model.step.numpy()) == 0
    assert list(tmp_path.iterdir()) == []


def sigmoid_generator():
    generator = ending_in(
        keras.layers.Dense(64, "sigmoid"), keras.layers.Reshape((8, 8, 1))
    )()
    rng = np.random.default_rng(0)
    generator.set_weights([rng.normal(0, 2, w.shape) for w in generator.weights])
    return generator


@pytest.mark.parametrize(
    "told, of_the_model, expected",
    [
        (None, None, (0.0, 1.0)),
        (None, (-0.5, 2.0), (-0.5, 2.0)),
        ((-3.0, 1.0), (-0.5, 2.0), (-3.0, 1.0)),
    ],
)
def test_range_is_told_or_the_model_s_or_the_generator_s(
    tmp_path, told, of_the_model, expected
):
    model = ImageTiny()
    model.generator = sigmoid_generator()
    model.output_range = of_the_model
    grid = callbacks.SampleGrid(tmp_path, 1, num_samples=4, output_range=told)
    train(model, [grid], steps=1)
    images = export.Sampler(model.generator).sample(4, 0)["images"].numpy()
    low, high = expected
    bytes_ = np.round((images - low) / (high - low) * 255).astype("uint8")
    np.testing.assert_array_equal(
        decoded(tmp_path / "step-000001.png"), callbacks.picture(bytes_)
    )


def test_many_samples_are_generated_a_part_at_a_time(tmp_path):
    sizes = []

    class Counted(keras.layers.Layer):
        def call(self, inputs):
            sizes.append(inputs.shape[0])
            return inputs

    generator = ending_in(Counted(), keras.layers.Dense(2))()
    model = ImageTiny()
    sizes.clear()
    grid = callbacks.SampleGrid(tmp_path, 1, generator=generator, num_samples=600)
    train(model, [grid], steps=1)
    assert sizes == [256, 256, 88]


def test_number_of_labels_must_be_an_integer(tmp_path):
    with pytest.raises(ValueError, match="Received: num_classes=0"):
        callbacks.SampleGrid(tmp_path, every=1, num_classes=0)


def test_range_must_be_one(tmp_path):
    with pytest.raises(ValueError, match="Received: output_range="):
        callbacks.SampleGrid(tmp_path, every=1, output_range=(2.0, 1.0))


def test_number_of_samples_must_be_positive(tmp_path):
    with pytest.raises(ValueError, match="Received: num_samples=0"):
        callbacks.SampleGrid(tmp_path, every=1, num_samples=0)


@pytest.mark.parametrize("count", [2**31, 10**15])
def test_more_samples_than_fit_in_memory_are_refused_before_training(tmp_path, count):
    generator = networks.dcgan_generator(8, channels=1, latent_dim=4, width=2)
    grid = callbacks.SampleGrid(tmp_path, 1, generator=generator, num_samples=count)
    match = f"`num_samples` must fit in memory.*Received: num_samples={count}$"
    with pytest.raises(ValueError, match=match):
        train(Tiny(), [grid], steps=1)


@pytest.mark.parametrize("seed", [2**63, -(2**63) - 1, 1.5, None])
def test_what_is_not_a_seed_is_refused(tmp_path, seed):
    with pytest.raises(ValueError, match="`seed` must be an integer.*Received: seed="):
        callbacks.SampleGrid(tmp_path, 1, seed=seed)
