"""The record of a trainer on data."""

from typing import Any

from launch.run._data import Batches
from launch.run._record import Record
from tfgan_tricks import _facts

_NEEDED = ("generator", "discriminator", "sampling_generator", "step", "fit")


def record(
    trainer: Any, seed: int | None = None, batches: Batches | None = None
) -> Record:
    """Returns the `Record` of a compiled trainer, and of the data if it has them.

    Raises:
        ValueError: If it is no trainer, or not compiled.
    """
    lacking = [name for name in _NEEDED if not hasattr(trainer, name)]
    if lacking:
        raise ValueError(
            "`trainer` must be one of `trainers`, or a subclass of "
            "`trainers.base.AdversarialTrainer`. "
            f"Received: trainer={trainer!r}, which has no {', '.join(lacking)}"
        )
    if trainer.generator_optimizer is None:
        raise ValueError(
            "`trainer` must be compiled. Call `trainer.compile()` before. "
            f"Received: trainer={trainer!r}"
        )
    record = Record(
        trainer=type(trainer).__qualname__,
        generator_weights=_shapes(trainer.generator),
        discriminator_weights=_shapes(trainer.discriminator),
        trainer_seed=trainer.seed,
        batches_per_step=trainer.batches_per_step,
        generates_by_class=_facts.is_conditional(trainer.generator),
        seed=seed,
    )
    if batches is None:
        return record
    return record.model_copy(update={"batch_size": batches.size, "data": batches.facts})


def _shapes(network):
    return tuple(tuple(map(int, weight.shape)) for weight in network.weights)
