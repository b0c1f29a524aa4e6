"""Warnings about networks and data that train, but probably not as intended."""

import warnings
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from tfgan_tricks import _compat
from tfgan_tricks import _facts
from tfgan_tricks.penalties._base import GradientPenalty

_SQUASHING = ("sigmoid", "hard_sigmoid", "softmax", "tanh")


def warn_of_networks(trainer: Any) -> None:
    """Emits a warning for each questionable property of a trainer's networks."""
    for message in _of_networks(trainer):
        warnings.warn(message, stacklevel=3)


def warn_of_range(trainer: Any, low: float, high: float) -> None:
    """Emits a warning if real images are not in the generator's range."""
    if trainer.output_range is None or not np.isfinite([low, high]).all():
        return
    least, greatest = trainer.output_range
    width = greatest - least
    too_far = low < least - 0.05 * width or high > greatest + 0.05 * width
    if too_far or high - low <= 0.5 * width:
        warnings.warn(
            f"`x` has values from {low:g} to {high:g}, but the generator's range is "
            f"{least:g} to {greatest:g}. Scale the images to that range "
            "(`data.to_unit_range` scales uint8 images to -1..1), or change the "
            "generator's last activation. If the ranges are intended, pass "
            "`output_range` to the trainer.",
            stacklevel=3,
        )


def _of_networks(trainer: Any) -> Iterator[str]:
    yield from _of_logits(trainer)
    yield from _of_penalties(trainer)
    yield from _of_noise(trainer)


def _of_logits(trainer):
    end = _facts.activation(trainer.discriminator)
    if end in _SQUASHING:
        yield (
            f"`discriminator` ends in {end}, but losses expect logits. Remove its last "
            "activation."
        )
    for shape in trainer.logit_shapes:
        if shape is not None and len(shape) in (2, 4) and shape[-1] not in (1, None):
            yield (
                f"`discriminator` returns {shape[-1]} numbers for one logit, in "
                f"outputs of shape {shape}, and losses average over all of them. End "
                "it with `Dense(1)`, or with one channel for patches."
            )


def _of_penalties(trainer):
    normalized = [
        layer.name
        for layer in trainer.discriminator._flatten_layers()
        if isinstance(layer, keras.layers.BatchNormalization) and layer.trainable
    ]
    per_sample = [p.name for p in trainer.penalties if isinstance(p, GradientPenalty)]
    if normalized and per_sample:
        yield (
            f"`penalties` ({', '.join(per_sample)}) need the gradient of each single "
            "example, but batch normalization in the discriminator "
            f"({', '.join(normalized)}) mixes the examples of a batch. Use "
            "`layers.SpectralNormalization`, layer normalization or none."
        )


def _of_noise(trainer):
    noisy = [
        layer.name
        for player in trainer.players
        for layer in _compat.noisy_layers(player.network)
    ]
    if not noisy:
        return
    if not _compat.NOISE_IS_SAVED:
        yield (
            f"Keras 2 does not save the random state of {', '.join(noisy)}: a resumed "
            "run draws other numbers than an uninterrupted run. Use "
            "`layers.Dropout` or `layers.GaussianNoise` of this package, which resume "
            "exactly, or Keras 3."
        )
    if trainer.num_replicas > 1:
        yield (
            f"Keras draws the random numbers of {', '.join(noisy)} on each replica, so "
            "results differ from a run on one device. `layers.Dropout` and "
            "`layers.GaussianNoise` of this package draw them for the global batch."
        )
