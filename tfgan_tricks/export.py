"""Export of trained generators for use without this package."""

import json
import os
import re
import warnings
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfgan_tricks import _checks
from tfgan_tricks import _compat
from tfgan_tricks import _facts
from tfgan_tricks import _files
from tfgan_tricks import _graphs
from tfgan_tricks import _sampling
from tfgan_tricks import _unit_range
from tfgan_tricks import _versions

_IMPURE = re.compile(
    # Operations that draw random numbers from a state, or write to a variable.
    r"(?!Stateless).*Random|Multinomial|(Parameterized)?TruncatedNormal|Rng"
    r"|Stateful(Standard|Truncated|Uniform|Random)|Assign\w*VariableOp"
)


class Sampler:
    """A generator in inference mode, with named inputs and outputs.

    `generate(z)` returns `{"images": G(z)}`. `sample(num_images, seed)` draws the
    latents from N(0, 1). The images are float32 under any dtype policy. The images of
    `sample` depend only on its arguments, unless the generator draws random numbers.

    For a class-conditional generator the functions are `generate(z, labels)` and
    `sample(labels, seed)`, with one image per label. Labels are integers of shape
    `[batch]`, also for a generator with a one-hot label input. Labels out of range
    raise an error, except in a graph compiled with XLA.

    Arguments may be numbers, arrays or tensors. Integers may have any integer type.

    Args:
        generator: A built `keras.Model` from latents of shape `[batch, latent_dim]`, or
            from `[latents, labels]`, to images of shape `[batch, height, width,
            channels]` or points of shape `[batch, dim]`. The label input has shape
            `[batch]`, `[batch, 1]` or, one-hot, `[batch, num_classes]`.
        num_classes: Number of labels of a class-conditional generator, at least 1.
            `None` means the number in its label input or layers.

    Raises:
        ValueError: If the generator does not have these inputs and one output, or
            `num_classes` is unknown or does not fit the generator.

    >>> from tfgan_tricks import networks
    >>> generator = networks.mlp_generator((2,), latent_dim=8)
    >>> sampler = Sampler(generator)
    >>> sampler.sample(num_images=5, seed=0)["images"].shape.as_list()
    [5, 2]
    """

    def __init__(self, generator: keras.Model, num_classes: int | None = None):
        self.generator = generator
        self.latent_dim = _facts.latent_dim(generator)
        self.num_classes = _sampling.num_classes(generator, num_classes)
        shape = _facts.output_shape(generator)
        _check_output(shape)
        cost = _sampling.bytes_each(self.latent_dim, shape)
        z = _graphs.Argument("z", tf.float32, [None, self.latent_dim])
        seed = _graphs.Argument("seed", tf.int32, [])
        if self.num_classes is None:
            count = _graphs.Argument("num_images", tf.int32, [], 0, bytes_each=cost)
            self.generate = _graphs.Function(self._generate, z)
            self.sample = _graphs.Function(self._sample, count, seed)
        else:
            most = self.num_classes - 1
            labels = _graphs.Argument("labels", tf.int32, [None], 0, most, cost)
            self.generate = _graphs.Function(self._generate_of_class, z, labels)
            self.sample = _graphs.Function(self._sample_of_class, labels, seed)

    def _generate(self, z):
        return self._images(tf.cast(z, tf.float32))

    def _generate_of_class(self, z, labels):
        known = tf.reduce_all((labels >= 0) & (labels < self.num_classes))
        most = self.num_classes - 1  # type: ignore[operator]  # It is conditional.
        wanted = f"`labels` must be from 0 to {most}. Received: labels="
        with tf.control_dependencies([tf.debugging.Assert(known, [wanted, labels])]):
            return self._images(tf.cast(z, tf.float32), tf.cast(labels, tf.int32))

    def _sample(self, num_images, seed):
        return self._generate(self._latents(num_images, seed))

    def _sample_of_class(self, labels, seed):
        return self._generate_of_class(self._latents(tf.size(labels), seed), labels)

    def _latents(self, count, seed):
        return _sampling.latents(count, self.latent_dim, seed)

    @tf.function  # Shared by the graphs of all types.
    def _images(self, z, labels=None):
        taken = _facts.inputs(self.generator, z, labels)
        images = tf.nest.flatten(self.generator(taken, training=False))
        _check_output([image.shape for image in images])
        return {"images": tf.cast(images[0], tf.float32)}


def samples(
    generator: keras.Model | Sampler,
    num_images: Any,
    seed: int = 0,
    batch_size: int = _sampling.BATCH_SIZE,
) -> np.ndarray:
    """Returns the images of `Sampler.sample`, generated in batches.

    The generator's layers need memory for one batch only. The images do not depend on
    `batch_size`, up to rounding.

    Args:
        generator: A `Sampler`, or a generator for one.
        num_images: Number of images, at least 0. For a class-conditional generator, an
            array of labels instead, one per image.
        seed: Integer seed of the latents.
        batch_size: Number of images in a batch, at least 1.

    Returns:
        A float32 array of shape `[num_images, ...]`.

    Raises:
        ValueError: If an argument is out of range, if the images would not fit in this
            machine's memory, or if `Sampler` raises it for the generator.

    >>> from tfgan_tricks import networks
    >>> generator = networks.mlp_generator((2,), latent_dim=8)
    >>> samples(generator, 1000, seed=3).shape
    (1000, 2)
    """
    _checks.positive_integer(batch_size=batch_size)
    sampler = generator if isinstance(generator, Sampler) else Sampler(generator)
    given = zip(sampler.sample.arguments, (num_images, seed), strict=True)
    count, seed = (argument.checked(value) for argument, value in given)
    labels = []
    if sampler.num_classes is not None:
        count, labels = len(count), [count]
    z = _sampling.latents(count, sampler.latent_dim, seed)

    def generate(*part):
        return sampler.generate(*part)["images"]

    return _sampling.in_parts(generate, z, *labels, batch_size=batch_size)


def save(
    generator: keras.Model,
    path: str | os.PathLike,
    *,
    output_range: _unit_range.Range | str | None = "auto",
    num_classes: int | None = None,
    metadata: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Exports a generator as a SavedModel that needs only TensorFlow.

    Its signatures are `serving_default(z)`, with float32 latents of shape
    `[batch, latent_dim]`, and `sample(num_images, seed)`, with int32 scalars. For a
    class-conditional generator they are `serving_default(z, labels)` and
    `sample(labels, seed)`, with int32 labels of shape `[batch]`. They return
    `{"images": ...}`, see `Sampler`. The loaded model also has `generate` and `sample`,
    which accept int64 tensors as well.

    The file `metadata.json` in the folder contains the length of the latents, the shape
    and range of images, the versions of the packages, and for class-conditional
    generators `num_classes`.

    To convert the export to LiteRT, name the signature: `tf.lite.TFLiteConverter.
    from_saved_model(path, signature_keys=["serving_default"])`.

    Args:
        generator: Generator model, see `Sampler`.
        path: Folder to create. It appears only when it is complete.
        output_range: The least and greatest value of an image, or `None` if there is no
            such range, as for points. "auto" means the range of the generator's last
            activation. If it is unknown or unbounded, "auto" means (-1, 1) for images
            and `None` for other shapes.
        num_classes: Number of labels, see `Sampler`.
        metadata: Dict of further entries for `metadata.json`, or `None`.

    Returns:
        The metadata, a dict.

    Raises:
        ValueError: If `path` exists and is not an empty folder, if `metadata` cannot be
            written as JSON or has a reserved entry, or if `Sampler` raises it for the
            generator.
        OSError: If `path` cannot be written. Nothing remains of it then.

    >>> from tfgan_tricks import networks
    >>> generator = networks.dcgan_generator(8, channels=1, latent_dim=4, width=2)
    >>> import tempfile
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
    _warn_of_own_randomness(sampler)
    with _files.whole(path, "path", tf.errors.OpError) as staging:
        module = tf.Module(name="sampler")
        module.generator = generator
        module.generate, module.sample = (
            sampler.generate.function,
            sampler.sample.function,
        )
        # LiteRT finds the variables of Keras 3 only as attributes of the module.
        module.held = _compat.tf_variables(generator)
        signatures = {
            "serving_default": sampler.generate.traced(),
            "sample": sampler.sample.traced(),
        }
        tf.saved_model.save(module, staging, signatures=signatures)
        with open(os.path.join(staging, "metadata.json"), "w", encoding="utf-8") as f:
            json.dump(described, f, indent=2)
    return described


def save_keras(generator: keras.Model, path: str | os.PathLike) -> None:
    """Saves a generator as a `.keras` file, for `keras.saving.load_model`.

    Unlike a SavedModel, it can be trained further. Loading it needs Keras, and this
    package if the generator contains its layers.

    Args:
        generator: A `keras.Model`.
        path: Path of the new file, ending in `.keras`.

    Raises:
        ValueError: If `path` exists or does not end in `.keras`.
        OSError: If `path` cannot be written. Nothing remains of it then.

    >>> import tempfile
    >>> from tfgan_tricks import networks
    >>> generator = networks.mlp_generator((2,), latent_dim=8)
    >>> path = os.path.join(tempfile.mkdtemp(), "generator.keras")
    >>> save_keras(generator, path)
    >>> keras.saving.load_model(path).output_shape
    (None, 2)
    """
    name = _files.text("path", path)
    if not name.endswith(".keras"):
        raise ValueError(f"`path` must end in .keras. Received: path={name!r}")
    _files.file("path", path)
    with _files.whole(path, "path", tf.errors.OpError) as staging:
        getattr(generator, "save_network", generator.save)(staging)


def _describe(sampler, output_range, metadata):
    images = sampler.generate.traced().structured_outputs["images"]
    described = {
        "latent_dim": sampler.latent_dim,
        "image_shape": images.shape[1:].as_list(),
        "output_range": _range(sampler.generator, output_range, images.shape),
        "versions": _versions.current(),
    }
    if sampler.num_classes is not None:
        described["num_classes"] = sampler.num_classes
    clash = sorted(described.keys() & metadata.keys())
    if clash:
        raise ValueError(
            f"`metadata` must not contain {', '.join(clash)}. Received: {metadata=}"
        )
    try:
        json.dumps(metadata)
    except (RecursionError, TypeError, ValueError) as error:
        raise ValueError(
            f"`metadata` must be a dict that can be written as JSON ({error}). "
            f"Received: metadata of {', '.join(map(repr, metadata))}"
        ) from error
    return {**described, **metadata}


def _range(generator, output_range, shape):
    """Returns the range to write, given or found."""
    if output_range is None:
        return None
    if not isinstance(output_range, str) or output_range != "auto":
        return list(_unit_range.checked_range(output_range))
    default = _unit_range.DEFAULT if len(shape) == 4 else None
    found = _facts.output_range(generator) or default
    return found and list(found)


def _check_output(shapes):
    """Raises `ValueError` if there are several outputs."""
    if isinstance(shapes, list) and len(shapes) != 1:
        raise ValueError(
            "`generator` must have one output, the images. Create a `keras.Model` from "
            "its inputs to that output. "
            f"Received: generator.output_shape={shapes}"
        )


def _warn_of_own_randomness(sampler):
    graph = sampler.generate.traced().graph.as_graph_def()
    nodes = [*graph.node, *(n for f in graph.library.function for n in f.node_def)]
    network = getattr(sampler.generator, "averaged", sampler.generator)
    names = {layer.name for layer in network._flatten_layers()}
    sources = {_layer_of(node.name, names) for node in nodes if _IMPURE.match(node.op)}
    if sources:
        warnings.warn(
            "`generator` draws random numbers or changes its state at inference, so "
            "`sample` returns different images for the same seed. Disable this at "
            "inference, or use `tf.random.stateless_normal` with a fixed seed. "
            f"Received: layers={sorted(sources)}",
            stacklevel=3,
        )


def _layer_of(node, names):
    """Returns the innermost layer around a node of the graph, or the node's name."""
    for scope in reversed(node.split("/")[:-1]):
        for name in (scope, re.sub(r"_\d+$", "", scope)):
            if name in names:
                return name
    return node
