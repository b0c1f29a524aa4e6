import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.generators import LATENT_DIM
from tests.generators import ends_in
from tfgan_tricks import export
from tfgan_tricks import networks


# `tf.lite.Interpreter` says where it will move to.
@pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated")
@pytest.mark.parametrize("num_classes", [None, 3])
def test_conversion_to_litert_keeps_the_weights(tmp_path, num_classes):
    generator = networks.dcgan_generator(
        16, 1, latent_dim=LATENT_DIM, width=4, num_classes=num_classes
    )
    rng = np.random.default_rng(0)
    generator.set_weights([3 * w for w in generator.get_weights()])
    export.save(generator, tmp_path / "export")
    converter = tf.lite.TFLiteConverter.from_saved_model(
        str(tmp_path / "export"), signature_keys=["serving_default"]
    )
    interpreter = tf.lite.Interpreter(model_content=converter.convert())
    generate = interpreter.get_signature_runner("serving_default")
    inputs = {"z": rng.normal(size=[3, LATENT_DIM]).astype("float32")}
    if num_classes:
        inputs["labels"] = np.array([2, 0, 1], "int32")
    tensors = [tf.constant(value) for value in inputs.values()]
    expected = generator(tensors if num_classes else tensors[0])
    assert np.std(expected) > 1e-3
    np.testing.assert_allclose(generate(**inputs)["images"], expected, atol=1e-5)


def test_conversion_to_onnx(tmp_path):
    pytest.importorskip("tf2onnx")
    onnxruntime = pytest.importorskip("onnxruntime")
    generator = networks.dcgan_generator(16, 1, LATENT_DIM, width=4, num_classes=3)
    generator.set_weights([3 * w for w in generator.get_weights()])
    export.save(generator, tmp_path / "export")
    command = f"{sys.executable} -m tf2onnx.convert --signature_def serving_default"
    paths = ["--saved-model", str(tmp_path / "export"), "--output", "g.onnx"]
    subprocess.run(
        [*command.split(), *paths], check=True, capture_output=True, cwd=tmp_path
    )
    session = onnxruntime.InferenceSession(tmp_path / "g.onnx")
    z = np.random.default_rng(0).normal(size=[3, LATENT_DIM]).astype("float32")
    labels = np.array([2, 0, 1], "int32")
    (images,) = session.run(["images"], {"z": z, "labels": labels})
    expected = generator([tf.constant(z), tf.constant(labels)])
    assert np.std(expected) > 1e-3
    np.testing.assert_allclose(images, expected, atol=1e-6)


class Noisy(keras.layers.Layer):
    """Adds noise in inference too."""

    def __init__(self, draw, **kwargs):
        super().__init__(**kwargs)
        self.draw = draw
        self.source = getattr(draw, "__self__", None)

    def call(self, inputs):
        return inputs + self.draw(tf.shape(inputs))


class Counting(keras.layers.Layer):
    def build(self, input_shape):
        self.calls = self.add_weight(
            name="calls", shape=(), initializer="zeros", trainable=False
        )

    def call(self, inputs):
        self.calls.assign_add(1.0)
        return inputs + tf.cast(self.calls, inputs.dtype)


class AlwaysDropout(keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.dropout = keras.layers.Dropout(0.5, name="noise")

    def call(self, inputs):
        return self.dropout(inputs, training=True)


def nested_noise():
    inner = keras.Sequential([Noisy(tf.random.normal, name="noise")])
    return ends_in(keras.layers.Dense(4), inner)


GENERATOR = tf.random.Generator.from_seed(1)


@pytest.mark.parametrize(
    "make",
    [
        lambda: ends_in(keras.layers.Dense(64), AlwaysDropout()),
        nested_noise,
        lambda: ends_in(Noisy(tf.random.truncated_normal, name="noise")),
        lambda: ends_in(Noisy(GENERATOR.normal, name="noise")),
        lambda: ends_in(Counting(name="noise")),
    ],
)
def test_export_warns_of_random_numbers_of_a_layer(tmp_path, make):
    generator = make()
    with pytest.warns(UserWarning, match=r"Received: layers=\['noise'\]"):
        export.save(generator, tmp_path / "export")
    sampler = export.Sampler(generator)
    first, second = (sampler.sample(8, 0)["images"] for _ in range(2))
    assert not np.allclose(first, second)


def test_fixed_noise_and_noise_of_training_are_accepted(tmp_path):
    fixed = Noisy(lambda shape: tf.random.stateless_normal(shape, seed=[1, 2]))
    generator = ends_in(keras.layers.Dense(4), fixed, keras.layers.Dropout(0.5))
    export.save(generator, tmp_path / "export")
    sampler = export.Sampler(generator)
    first, second = (sampler.sample(8, 0)["images"] for _ in range(2))
    np.testing.assert_array_equal(first, second)
