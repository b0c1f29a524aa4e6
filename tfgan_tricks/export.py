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

    Args:
        generator: a Functional or Sequential `keras.Model` from latents of shape
            `[batch, latent_dim]` to images of shape `[batch, height, width,
            channels]` or points of shape `[batch, dim]`.

    Raises:
        ValueError: if the generator does not have one input of that shape.

    >>> from tfgan_tricks import networks
    >>> generator = networks.mlp_generator((2,), latent_dim=8)
    >>> sampler = Sampler(generator)
    >>> sampler.sample(num_images=5, seed=0)["images"].shape.as_list()
    [5, 2]
    """

    def __init__(self, generator):
        super().__init__(name="sampler")
        self.generator = generator
        self.latent_dim = _checks.latent_dim(generator)
        z = tf.TensorSpec([None, self.latent_dim], tf.float32, name="z")
        self.generate = tf.function(self._generate, input_signature=[z])
        scalars = [tf.TensorSpec([], tf.int32, n) for n in ("num_images", "seed")]
        self.sample = tf.function(self._sample, input_signature=scalars)

    def _generate(self, z):
        return {"images": tf.cast(self.generator(z, training=False), tf.float32)}

    def _sample(self, num_images, seed):
        shape = [num_images, self.latent_dim]
        seed = tf.stack([seed, 0])
        return self._generate(
            tf.random.stateless_normal(shape, seed=seed, alg="philox")
        )


def save(generator, path, *, output_range=(-1.0, 1.0), metadata=None):
    """Writes `generator` as a SavedModel that needs nothing but TensorFlow.

    Its signatures are `serving_default(z)`, with z of shape `[batch, latent_dim]`
    in float32, and `sample(num_images, seed)`, with int32 scalars; both return
    `{"images"}` as `Sampler` describes. A file `metadata.json` beside the graph
    states latent size, image shape, value range and the versions that wrote it.

    Args:
        generator: see `Sampler`.
        path: the directory to make. It appears only when it is complete.
        output_range: the least and greatest value of an image, or `None` where
            there is no such range, as for points.
        metadata: more entries for the metadata file: a dict that JSON can hold.

    Returns:
        The metadata, a dict.

    Raises:
        ValueError: if `path` exists and is not an empty directory, or `metadata`
            has one of the entries that are written anyway.

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
    sampler = Sampler(generator)
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
    clash = sorted(described.keys() & metadata.keys())
    if clash:
        raise ValueError(
            f"`metadata` must not hold {', '.join(clash)}. Received: {metadata=}"
        )
    return {**described, **metadata}


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
