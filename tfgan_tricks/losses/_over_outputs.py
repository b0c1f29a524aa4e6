"""Losses of discriminators with several outputs."""

from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

import tensorflow as tf


def summed(function: Callable[..., tf.Tensor]) -> Callable[..., tf.Tensor]:
    """Extends a loss function of one output to discriminators with several outputs.

    A multi-scale discriminator, as in pix2pixHD, returns a list of logits, one tensor
    for each scale. Its loss is the sum of the losses of its outputs. Relativistic
    losses compare the real and fake logits of the same output.

    Args:
        function: A function of an `AdversarialLoss`, with the keyword-only arguments
            `real_logits` and `fake_logits`.

    Returns:
        A function with the same arguments, each a tensor, or a list, tuple or dict of
        tensors. It raises `ValueError` if real and fake logits do not have the same
        outputs. Single tensors are passed on unchanged.

    >>> from tfgan_tricks.losses import wasserstein
    >>> loss = summed(wasserstein().generator)
    >>> float(loss(fake_logits=[tf.constant([1.0, 2.0]), tf.constant([[4.0]])]))
    -5.5

    Reference:
        Wang et al., 2018, section 3.2, arXiv:1711.11585.
    """

    def over_outputs(**logits: Any) -> tf.Tensor:
        given = {name: value for name, value in logits.items() if value is not None}
        if not any(tf.nest.is_nested(value) for value in given.values()):
            return function(**logits)
        _check_same_outputs(given)
        outputs = zip(*map(tf.nest.flatten, given.values()), strict=True)
        terms = [function(**dict(zip(given, each, strict=True))) for each in outputs]
        return tf.add_n(terms)

    return over_outputs


def _check_same_outputs(logits):
    outputs = [_outputs(value) for value in logits.values()]
    if not outputs[0] or any(each != outputs[0] for each in outputs):
        received = ", ".join(
            f"{name} of shape {tf.nest.map_structure(_shape, value)}"
            for name, value in logits.items()
        )
        raise ValueError(
            "`real_logits` and `fake_logits` must have the same outputs, one or more. "
            "Let the discriminator return as many outputs for real as for fake images. "
            f"Received: {received}"
        )


def _outputs(value):
    """Returns the names or numbers of the outputs, or `None` for a single tensor."""
    if not tf.nest.is_nested(value):
        return None
    if isinstance(value, Mapping):
        return sorted(value)
    return list(range(len(tf.nest.flatten(value))))


def _shape(output):
    return str(tuple(output.shape))
