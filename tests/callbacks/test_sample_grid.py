import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.callbacks.tiny import Tiny
from tests.callbacks.tiny import train
from tfgan_tricks import callbacks
from tfgan_tricks import export


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


def test_tensorboard_gets_the_same_picture(tmp_path):
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


def test_number_of_samples_must_be_positive(tmp_path):
    with pytest.raises(ValueError, match="Received: num_samples=0"):
        callbacks.SampleGrid(tmp_path, every=1, num_samples=0)
