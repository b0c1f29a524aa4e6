"""Writes trained generators for use without this package."""

import contextlib
import json
import os
import tempfile

import keras
import tensorflow as tf

import tfgan_tricks
from tfgan_tricks import _checks


class Sampler(tf.Module):
    """A generator in inference mode, with named inputs and outputs.

    generate(z) = {"images": G(z)}, sample(n, seed) = generate(z) with z ~ N(0, I).
    The images are float32 whatever the generator's dtype policy, and those of
    `sample` are a pure function of its arguments.

    A generator that takes labels has generate(z, labels) and sample(labels, seed),
    which gives an image for each of the labels. They refuse labels out of range,
    eagerly and in graphs; a graph that XLA compiled does not.

    Args:
        generator: a Functional or Sequential `keras.Model` from latents of shape
            `[batch, latent_dim]`, or from them and labels `[batch]`, to images of
            shape `[batch, height, width, channels]` or points of shape `[batch, dim]`.
        num_classes: how many labels the generator knows; `None` if it takes none.

    Raises:
        ValueError: if the generator does not have inputs of that shape, or if
            `num_classes` is given for one without labels, or is not for one with.

    >>> from tfgan_tricks import networks
    >>> generator = networks.mlp_generator((2,), latent_dim=8)
    >>> sampler = Sampler(generator)
    >>> sampler.sample(num_images=5, seed=0)["images"].shape.as_list()
    [5, 2]
    """

    def __init__(self, generator, num_classes=None):
        super().__init__(name="sampler")
        self.generator = generator
        self.latent_dim = _checks.latent_dim(generator)
        self.num_classes = num_classes
        _check_classes(generator, num_classes)
        z = tf.TensorSpec([None, self.latent_dim], tf.float32, name="z")
        seed = tf.TensorSpec([], tf.int32, name="seed")
        if num_classes is None:
            count = tf.TensorSpec([], tf.int32, name="num_images")
            self.generate = tf.function(self._generate, input_signature=[z])
            self.sample = tf.function(self._sample, input_signature=[count, seed])
        else:
            labels = tf.TensorSpec([None], tf.int32, name="labels")
            self.generate = tf.function(self._of_class, input_signature=[z, labels])
            self.sample = tf.function(
                self._sample_of_class, input_signature=[labels, seed]
            )

    def _generate(self, z):
        return {"images": tf.cast(self.generator(z, training=False), tf.float32)}

    def _of_class(self, z, labels):
        known = tf.reduce_all((labels >= 0) & (labels < self.num_classes))
        wanted = f"`labels` must be from 0 to {self.num_classes - 1}. Received: labels="
        with tf.control_dependencies([tf.debugging.Assert(known, [wanted, labels])]):
            return self._generate([z, tf.identity(labels)])

    def _sample(self, num_images, seed):
        return self._generate(self._latents(num_images, seed))

    def _sample_of_class(self, labels, seed):
        return self._of_class(self._latents(tf.size(labels), seed), labels)

    def _latents(self, count, seed):
        shape, seed = [count, self.latent_dim], tf.stack([seed, 0])
        return tf.random.stateless_normal(shape, seed=seed, alg="philox")


def save(generator, path, *, output_range=(-1.0, 1.0), num_classes=None, metadata=None):
    """Writes `generator` as a SavedModel that needs nothing but TensorFlow.

    Its signatures are `serving_default(z)`, with z of shape `[batch, latent_dim]`
    in float32, and `sample(num_images, seed)`, with int32 scalars; for a generator
    that takes labels `serving_default(z, labels)` and `sample(labels, seed)`, with
    int32 labels of shape `[batch]`. They return `{"images"}` as `Sampler` describes. A
    file `metadata.json` beside the graph states latent size, image shape, value range,
    `num_classes` where there are labels, and the versions that wrote it.

    Args:
        generator: see `Sampler`.
        path: the directory to make. It appears only when it is complete.
        output_range: the least and greatest value of an image, or `None` where
            there is no such range, as for points.
        num_classes: see `Sampler`.
        metadata: more entries for the metadata file: a dict that JSON can hold.

    Returns:
        The metadata, a dict.

    Raises:
        ValueError: if `path` exists and is not an empty directory, `metadata` has
            one of the entries that are written anyway, or as `Sampler` does.

    >>> from tfgan_tricks import networks
    >>> generator = networks.dcgan_generator(8, channels=1, latent_dim=4, width=2)
    >>> path = tempfile.mkdtemp()
    >>> save(generator, path, metadata={"weights": "ema"})["image_shape"]
    [8, 8, 1]
    >>> signatures = tf.saved_model.load(path).signatures
    >>> z = tf.random.normal([3, 4])
    >>> signatures["serving_default"](z=z)["images"].shape.as_list()
    [3, 8, 8, 1]
    """
    sampler = Sampler(generator, num_classes)
    described = _describe(sampler, output_range, metadata or {})
    with _whole(path) as staging:
        signatures = {"serving_default": sampler.generate, "sample": sampler.sample}
        tf.saved_model.save(sampler, staging, signatures=signatures)
        with open(os.path.join(staging, "metadata.json"), "w", encoding="utf-8") as f:
            json.dump(described, f, indent=2)
    return described


def save_keras(generator, path):
    """Writes `generator` as a `.keras` file, for `keras.saving.load_model`.

    Unlike the SavedModel, it can be trained further, and reading it needs Keras
    and, for this package's layers, the package.

    Args:
        generator: a `keras.Model`.
        path: the file to make, ending in `.keras`.

    Raises:
        ValueError: if `path` exists or does not end in `.keras`.

    >>> import tempfile
    >>> from tfgan_tricks import networks
    >>> generator = networks.mlp_generator((2,), latent_dim=8)
    >>> path = os.path.join(tempfile.mkdtemp(), "generator.keras")
    >>> save_keras(generator, path)
    >>> keras.saving.load_model(path).output_shape
    (None, 2)
    """
    if not str(path).endswith(".keras"):
        raise ValueError(f"`path` must end in .keras. Received: path={str(path)!r}")
    with _whole(path) as staging:
        generator.save(staging)


def _describe(sampler, output_range, metadata):
    images = sampler.generate.get_concrete_function().structured_outputs["images"]
    described = {
        "latent_dim": sampler.latent_dim,
        "image_shape": images.shape[1:].as_list(),
        "output_range": output_range and [float(bound) for bound in output_range],
        "versions": {
            "tfgan_tricks": tfgan_tricks.__version__,
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
        },
    }
    if sampler.num_classes is not None:
        described["num_classes"] = sampler.num_classes
    clash = sorted(described.keys() & metadata.keys())
    if clash:
        raise ValueError(
            f"`metadata` must not hold {', '.join(clash)}. Received: {metadata=}"
        )
    return {**described, **metadata}


def _check_classes(generator, num_classes):
    if num_classes is not None:
        _checks.positive_integer(num_classes=num_classes)
    if _checks.is_conditional(generator) != (num_classes is not None):
        raise ValueError(
            "`num_classes` must be given if the generator takes labels, and only then. "
            f"Received: num_classes={num_classes!r} with "
            f"generator.input_shape={generator.input_shape!r}"
        )


@contextlib.contextmanager
def _whole(path):
    """Yields a path to write to, which replaces `path` once the block is done."""
    path = os.path.abspath(path)
    if os.path.isfile(path) or os.path.isdir(path) and os.listdir(path):
        raise ValueError(f"`path` must not exist yet. Received: path={path!r}")
    parent, name = os.path.split(path)
    os.makedirs(parent, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=parent, prefix=f".{name}.") as beside:
        staging = os.path.join(beside, name)
        yield staging
        os.replace(staging, path)
