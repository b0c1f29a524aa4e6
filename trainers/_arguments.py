"""Checks of the trainers' arguments."""

import numbers
import reprlib
from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from tfgan_tricks import _facts
from tfgan_tricks import _unit_range


def shown(value: Any) -> str:
    """Returns a short representation of any value, in one line."""
    return " ".join(reprlib.repr(value).split())


def check(
    discriminator_steps: int, penalties: tuple, joint_batch: bool, seed: int
) -> None:
    if isinstance(discriminator_steps, bool) or not discriminator_steps >= 1:
        raise ValueError(
            "`discriminator_steps` must be 1 or more. "
            f"Received: discriminator_steps={discriminator_steps!r}"
        )
    if penalties and joint_batch:
        raise ValueError(
            "`penalties` must be empty with `joint_batch`: a penalty's points belong "
            "to neither half of the batch. "
            f"Received: penalties={[penalty.name for penalty in penalties]}"
        )
    if isinstance(seed, bool) or not isinstance(seed, numbers.Integral):
        raise ValueError(
            "`seed` must be an integer: it determines all random numbers. "
            f"Received: seed={seed!r}"
        )


def output_range(given: Any, generator: Any) -> tuple[float, float] | None:
    """Returns the given range, or the range of the generator's last activation."""
    if given is None:
        return _facts.output_range(generator)
    return _unit_range.checked_range(given)


def check_jit(jit_compile: Any, replicas: int) -> None:
    if replicas > 1 and jit_compile is True:
        raise ValueError(
            "`jit_compile` must be False on several replicas: XLA cannot compile one "
            f"step for all of them. Received: jit_compile=True on {replicas} replicas"
        )


def check_compiled(trainer: Any, method: str) -> None:
    if trainer.generator_optimizer is None:
        raise ValueError(
            f"`compile` must be called before `{method}`. "
            f"Received: a {type(trainer).__name__} that is not compiled"
        )


def refuse_compile_arguments(given: Mapping[str, Any]) -> None:
    """Raises `ValueError` for arguments that only `keras.Model.compile` has."""
    wrong = [name for name, value in given.items() if value is not None]
    if wrong:
        raise ValueError(
            "`compile` accepts `generator_optimizer` and `discriminator_optimizer`, "
            "`jit_compile`, `steps_per_execution` and `run_eagerly`. The trainer "
            "defines the losses and metrics. "
            f"Received: {', '.join(f'{name}={given[name]!r}' for name in wrong)}"
        )


def refuse(**given: Any) -> None:
    """Raises `ValueError` for Keras arguments that have no meaning for a GAN."""
    for name, value in given.items():
        if value is not None:
            raise ValueError(
                f"`{name}` is unsupported: a training step has no loss per example and "
                "no targets to weight or to hold out. Remove it. "
                f"Received: {name}={shown(value)}"
            )


def check_scored(trainer: Any, name: str, data: Any) -> None:
    """Raises `ValueError` for data to evaluate if the trainer has no scores."""
    if data is not None and not trainer.score_names:
        raise ValueError(
            f"`{name}` must be None for {type(trainer).__name__}: it has nothing to "
            "evaluate, since the losses of a GAN do not measure its samples. "
            f"Received: {name}={shown(data)}"
        )


def too_few_batches(trainer: Any, received: str) -> ValueError:
    """Returns the error for data with too few batches for one step."""
    return ValueError(
        f"`x` must have at least {trainer.batches_per_step} batches, the number that "
        f"one training step draws. Received: {received}"
    )


def checked_terms(terms: Any, player: Any, trackers: Mapping[str, Any]) -> dict:
    """Returns the named terms of an objective, as float32 scalars."""
    objective = f"{player.role}_objective"
    if not isinstance(terms, dict) or not terms:
        raise ValueError(
            f"`{objective}` must return a dict of named scalars, whose sum is "
            f'minimized, such as {{"{player.initial}_loss": loss}}. '
            f"Received: {terms!r}"
        )
    unknown = sorted(terms.keys() - trackers.keys())
    if unknown:
        raise ValueError(
            f"`{objective}` must return only terms that `loss_names` lists, as logs "
            f"show these. Add {', '.join(map(repr, unknown))} to the class attribute "
            f"`loss_names`. Received: {', '.join(terms)}"
        )
    return {name: tf.cast(value, tf.float32) for name, value in terms.items()}


def check_gradients(gradients: list, player: Any) -> None:
    if all(gradient is None for gradient in gradients):
        raise ValueError(
            f"`{player.role}` must receive a gradient, but an operation without a "
            "derivative (argmax, rounding, a cast to integers, numpy) separates its "
            "weights from the loss. Replace the operation, or use "
            f"`tf.custom_gradient`. Received: {player.role}={player.network.name!r}"
        )
