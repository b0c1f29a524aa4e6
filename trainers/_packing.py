"""Packs of examples, each of which the discriminator judges as one."""

from typing import Any

import tensorflow as tf

from tfgan_tricks import _checks
from tfgan_tricks import _facts

Shape = tuple[int | None, ...]


def check(packing: int, generator: Any, micro_batches: int) -> None:
    """Raises `ValueError` unless a generator's examples can be packed."""
    _checks.positive_integer(packing=packing)
    if packing > 1 and _facts.is_conditional(generator):
        raise ValueError(
            "`packing` must be 1 for networks with a label input: the examples of a "
            "pack have different labels, and the discriminator takes one. Use networks "
            "without a label input, or `layers.MinibatchDiscrimination`. "
            f"Received: packing={packing}"
        )
    if packing > 1 and micro_batches > 1:
        raise ValueError(
            "`packing` must be 1 with `micro_batches` above 1, which would draw too "
            "few latents for the packs of a part. "
            f"Received: packing={packing}, micro_batches={micro_batches}"
        )


def refuse(reason: str, packing: int = 1, **_: Any) -> None:
    """Raises `ValueError` for arguments of a trainer that does not support packs."""
    if packing != 1:
        raise ValueError(f"`packing` must be 1: {reason}. Received: packing={packing}")


def packed(images: tf.Tensor, packing: int) -> tf.Tensor:
    """Returns packs of consecutive rows, joined along the last axis.

    Each replica has consecutive rows of the global batch, so its packs are packs of the
    global batch.

    Args:
        images: Tensor `[batch, ..., channels]`.
        packing: Number of rows in a pack.

    Returns:
        A tensor `[batch / packing, ..., packing * channels]`.
    """
    if packing == 1:
        return images
    return tf.concat([images[index::packing] for index in range(packing)], axis=-1)


def checked(images: tf.Tensor, packing: int) -> tf.Tensor:
    """Returns images whose number is a multiple of `packing`.

    Raises:
        ValueError: If the number is known and not a multiple. A number that is not
            known yet is checked in the step.
    """
    rows = images.shape[0]
    message = (
        f"`x` must have batches of a multiple of {packing} examples on each replica, "
        f"so that `packing={packing}` fills all packs. Use "
        "`dataset.batch(size, drop_remainder=True)`. Received: batch size"
    )
    if rows is not None and rows % packing:
        raise ValueError(f"{message} {rows}")
    if rows is not None or packing == 1:
        return images
    rows = tf.shape(images)[0]
    fits = tf.debugging.Assert(rows % packing == 0, [message, rows])
    with tf.control_dependencies([fits]):
        return tf.identity(images)


def shape_of_pack(example: Shape, packing: int) -> Shape:
    """Returns the shape of the pack of examples of a shape."""
    *first, last = example
    return (*first, None if last is None else last * packing)


def shape_of_example(pack: Shape, packing: int) -> Shape:
    """Inverts `shape_of_pack`."""
    *first, last = pack
    return (*first, None if last is None else last // packing)
