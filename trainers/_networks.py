"""Checks that a generator and a discriminator fit together."""

from typing import Any

import keras
import tensorflow as tf

from tfgan_tricks import _facts
from trainers import _packing


def fit_together(
    generator: keras.Model, discriminator: keras.Model, packing: int
) -> None:
    """Builds the discriminator if necessary, and checks the pair.

    Args:
        generator: The generator.
        discriminator: The discriminator.
        packing: Number of images that the discriminator judges as one.

    Raises:
        ValueError: If an argument is not a network, if it was created in the scope of
            another strategy, or if the networks do not fit together.
    """
    _check_kinds(generator=generator, discriminator=discriminator)
    _facts.latent_dim(generator)
    images = _image_shape(generator)
    if images is not None:
        images = _packing.shape_of_pack(images, packing)
    if not _facts.input_shapes(discriminator):
        _build(discriminator, images, _facts.is_conditional(generator))
    _check_scope(generator=generator, discriminator=discriminator)
    _check_inputs(generator, discriminator, images, packing)


def _check_kinds(**networks: Any) -> None:
    for name, network in networks.items():
        if not isinstance(network, keras.Model):
            raise ValueError(
                f"`{name}` must be a `keras.Model`. Received: {name}={network!r}"
            )
    if len({id(network) for network in networks.values()}) < 2:
        raise ValueError(
            "`generator` and `discriminator` must be two networks. Received: one, "
            f"{network.name!r}, for both"
        )


def _image_shape(generator):
    """Returns the shape of generated images, or `None` if it is unknown."""
    shape = _facts.output_shape(generator)
    if isinstance(shape, list):
        raise ValueError(
            "`generator` must have one output, the images. "
            f"Received: generator.output_shape={shape}"
        )
    return shape


def _build(discriminator, images, is_conditional):
    if images is None or None in images[1:]:
        raise ValueError(
            "`discriminator` must be built: the generator does not determine the shape "
            "of its inputs. Begin it with `keras.Input`, or call it once on a batch. "
            f"Received: generator.output_shape={images}"
        )
    batch = tf.zeros([1, *images[1:]])
    discriminator([batch, tf.zeros([1], tf.int32)] if is_conditional else batch)


def _check_scope(**networks):
    strategy = tf.distribute.get_strategy()
    for name, network in networks.items():
        for weight in network.weights:
            variable = getattr(weight, "value", weight)
            variable = weight if callable(variable) else variable
            if not strategy.extended.variable_created_in_scope(variable):
                raise ValueError(
                    f"`{name}` must be created in the scope of the same "
                    "`tf.distribute` strategy as the trainer: create both networks and "
                    "the trainer, and compile it, inside `with strategy.scope():`. "
                    f"Received: {name}={network.name!r}, created in another scope"
                )


def _check_inputs(generator, discriminator, images, packing):
    taken, *labels = _facts.input_shapes(discriminator)
    if _facts.is_conditional(generator) != _facts.is_conditional(discriminator):
        shapes = [_facts.input_shapes(each) for each in (generator, discriminator)]
        raise ValueError(
            "`generator` and `discriminator` must both have a label input, as the "
            "second input, or neither: [latents, labels] and [images, labels]. "
            f"Received: inputs of shape {_shown(shapes[0])} and {_shown(shapes[1])}"
        )
    if images is not None and not tf.TensorShape(taken).is_compatible_with(images):
        told = "the generator's images"
        if packing > 1:
            told = f"packs of {packing} images, joined by `packing={packing}`"
        raise ValueError(
            f"`discriminator` must accept {told}, of shape {images}. Labels need a "
            "separate input. "
            f"Received: discriminator inputs of shape {_shown([taken, *labels])}"
        )


def _shown(shapes):
    return ", ".join(map(str, shapes))
