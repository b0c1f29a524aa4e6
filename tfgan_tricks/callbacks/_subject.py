"""The generator that a callback draws from, and its properties."""

from typing import Any
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from tfgan_tricks import _facts
from tfgan_tricks import _sampling
from tfgan_tricks import _unit_range


class Subject(NamedTuple):
    """A generator and its properties."""

    generator: keras.Model
    latent_dim: int
    num_classes: int | None
    output_range: _unit_range.Range | None

    def samples(self, count: int, seed: int, labels: Any = None) -> np.ndarray:
        """Draws float32 samples of a seed.

        Args:
            count: Number of samples.
            seed: Integer seed of the latents.
            labels: Labels for a class-conditional generator. `None` cycles through all.
        """
        inputs = [_sampling.latents(count, self.latent_dim, seed)]
        if self.num_classes is not None:
            in_turn = np.arange(count) % self.num_classes
            inputs.append(np.asarray(in_turn if labels is None else labels, "int32"))

        def generate(*part):
            taken = _facts.inputs(self.generator, *part)
            return tf.cast(self.generator(taken, training=False), tf.float32)

        return _sampling.in_parts(generate, *inputs)


def of(
    model: Any,
    generator: keras.Model | None = None,
    num_classes: int | None = None,
    output_range: _unit_range.Range | None = None,
) -> Subject:
    """Returns the subject of a model, with what is not given found in the model."""
    generator = generator or _generator_of(model)
    given = output_range or getattr(model, "output_range", None)
    return Subject(
        generator,
        _facts.latent_dim(generator),
        _sampling.num_classes(generator, num_classes),
        given or _facts.output_range(generator),
    )


def _generator_of(model):
    for name in ("sampling_generator", "generator"):
        if getattr(model, name, None) is not None:
            return getattr(model, name)
    raise ValueError(
        "`generator` must be given for a model without an attribute `generator`. "
        f"Received: generator=None with model={model!r}"
    )
