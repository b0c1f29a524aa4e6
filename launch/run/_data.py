"""The arguments of a run: data in any form, the trainer, and facts about both."""

from collections.abc import Callable
from typing import Any
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from launch.run._record import LONGEST
from launch.run._record import NO_CONTROL
from launch.run._record import Data
from launch.run._record import Record
from tfgan_tricks import _checks
from tfgan_tricks import _facts
from tfgan_tricks import data as sources

_BATCH_SIZE = 64
_NEEDED = ("generator", "discriminator", "sampling_generator", "step", "fit")


class Batches(NamedTuple):
    """Data in one form, whatever form the user has given.

    Attributes:
        between: Function of two batch numbers that returns a `tf.data.Dataset`. It
            contains the batches from the first number to before the second, or more.
        size: Number of examples in a batch, or `None` if it is unknown.
        facts: Known facts about the examples.
        points: Examples `[number, 2]` that are points of the plane, or `None`.
        description: Description of the data for the first line of a run.
    """

    between: Callable[[int, int], tf.data.Dataset]
    size: int | None
    facts: Data
    points: np.ndarray | None = None
    description: str = ""


def batches(
    given: Any, trainer: Any, batch_size: int | None, seed: int
) -> Batches | None:
    """Returns the `Batches` of an array, a pair, a `Source`, a dataset or a function.

    For `None` it returns `None`.

    Raises:
        ValueError: If the data are something else, or do not fit the other arguments.
    """
    if batch_size is not None:
        _checks.positive_integer(batch_size=batch_size)
    _check_trainer(trainer)
    if given is None or isinstance(given, Batches):
        return given
    if isinstance(given, tf.data.Dataset):
        return _of_dataset(given, batch_size)
    if callable(given):
        return _of_function(given, batch_size)
    if isinstance(given, sources.Source):
        return _of_source(given, trainer, batch_size, seed)
    if isinstance(given, (tuple, list)) and len(given) == 2:
        images, labels = map(np.asarray, given)
        return _of_source(sources.Source(images, labels), trainer, batch_size, seed)
    if hasattr(given, "__array__"):
        source = sources.Source(np.asarray(given))
        return _of_source(source, trainer, batch_size, seed)
    raise ValueError(
        "`data` must be an array, a pair `(images, labels)`, a result of `data.load`, "
        "a `tf.data.Dataset` of batches, or a function `start -> dataset`. "
        f"Received: data of type {type(given).__module__}.{type(given).__qualname__}"
    )


def _of_source(source, trainer, batch_size, seed):
    by_class = _facts.is_conditional(trainer.generator)
    if by_class and source.labels is None:
        raise ValueError(
            "`data` must have labels, because the generator has an input for them. "
            "Pass `(images, labels)`. Received: examples without labels"
        )
    size = _BATCH_SIZE if batch_size is None else batch_size
    order = {"seed": seed, "with_labels": by_class}
    sources.batches(source, size, **order)  # Checks all arguments at once.
    shape = np.shape(source.examples)

    def between(start, stop):
        return sources.batches(source, size, start=start, **order)

    facts = Data(
        example_shape=tuple(shape[1:]),
        num_examples=shape[0],
        num_classes=_num_classes(source, trainer) if by_class else None,
        label_names=names_of(source) if by_class else (),
    )
    points = np.asarray(source.examples) if shape[1:] == (2,) else None
    return Batches(between, size, facts, points, described(source))


def described(source: sources.Source) -> str:
    """Returns a text about a `Source` and the files that it leaves out."""
    shape = source.examples.shape[1:]
    what = "x".join(map(str, shape)) if len(shape) > 1 else "points"
    unreadable = f", {source.skipped} unreadable" if source.skipped else ""
    others = " and ".join(f"{count} {suffix}" for suffix, count in source.left_out)
    left_out = f", left out: {others}" if others else ""
    return f"{len(source.examples)} examples, {what}{unreadable}{left_out}"


def names_of(source: sources.Source) -> tuple[str, ...]:
    """Returns the names of the classes.

    Raises:
        ValueError: If a name is too long, or could control a terminal.
    """
    for name in source.label_names:
        if len(name) > LONGEST or not NO_CONTROL.fullmatch(name):
            raise ValueError(
                f"`data` must have class names of at most {LONGEST} characters, "
                f"without control characters. Received: {ascii(name[:80])}"
            )
    return tuple(source.label_names)


def _num_classes(source, trainer):
    """Returns the number of names, else of the networks' classes or of the labels."""
    found = len(source.label_names) or int(np.max(source.labels)) + 1
    return found if source.label_names else trainer.num_classes or found


def _of_function(function, batch_size):
    dataset = _called(function, 0)
    size = _checked_size(dataset.element_spec, batch_size)

    def between(start, stop):
        return _repeated(_called(function, start))

    return Batches(between, size, _facts_of(dataset))


def _called(function, start):
    dataset = function(start)
    if not isinstance(dataset, tf.data.Dataset):
        raise ValueError(
            "`data` must return a `tf.data.Dataset` if it is a function of the number "
            f"of the first batch. Received: {type(dataset).__qualname__}"
        )
    return dataset


def _of_dataset(dataset, batch_size):
    if int(dataset.cardinality()) == 0:
        raise ValueError("`data` must have batches. Received: an empty dataset")
    size = _checked_size(dataset.element_spec, batch_size)
    return Batches(_InTurn(dataset), size, _facts_of(dataset))


def _repeated(dataset):
    is_endless = int(dataset.cardinality()) == tf.data.INFINITE_CARDINALITY
    return dataset if is_endless else dataset.repeat()


class _InTurn:
    """Batches of a dataset that is read once if they are requested in their order.

    Many datasets are shuffled again at each iteration, so that a second iterator would
    not continue where the first has ended.
    """

    def __init__(self, dataset: tf.data.Dataset) -> None:
        self._dataset = dataset
        self._next: int | None = None

    def __call__(self, start: int, stop: int) -> tf.data.Dataset:
        if start != self._next:
            self._iterator = iter(_repeated(self._dataset).skip(start))
        self._next, iterator = stop, self._iterator
        # One at a time, to keep their order.
        return tf.data.Dataset.range(stop - start).map(lambda _: iterator.get_next())


def _checked_size(spec, batch_size):
    """Returns the size of a dataset's batches, found or given."""
    first = tf.nest.flatten(spec)[0].shape
    found = first[0] if first.rank else None
    if None not in (found, batch_size) and found != batch_size:
        raise ValueError(
            "`batch_size` must be None, or the size of the batches in `data`. "
            f"Received: batch_size={batch_size} with batches of {found}"
        )
    return batch_size if found is None else found


def _facts_of(dataset):
    first = tf.nest.flatten(dataset.element_spec)[0].shape
    known = first.rank and first[1:].is_fully_defined()
    return Data(example_shape=tuple(first[1:].as_list()) if known else None)


def record_of(
    trainer: Any, seed: int | None = None, batches: Batches | None = None
) -> Record:
    """Returns the `Record` of a compiled trainer, and of its data if there are any.

    Raises:
        ValueError: If `trainer` is not a trainer, or not compiled.
    """
    _check_trainer(trainer)
    of_data: dict[str, Any] = {}
    if batches is not None:
        of_data = {"seed": seed, "batch_size": batches.size, "data": batches.facts}
    return Record(
        trainer=type(trainer).__qualname__,
        generator_weights=_shapes(trainer.generator),
        discriminator_weights=_shapes(trainer.discriminator),
        trainer_seed=trainer.seed,
        batches_per_step=trainer.batches_per_step,
        generates_by_class=_facts.is_conditional(trainer.generator),
        **of_data,
    )


def _check_trainer(trainer):
    lacking = [name for name in _NEEDED if not hasattr(trainer, name)]
    if lacking:
        raise ValueError(
            "`trainer` must be one of `trainers`, or a subclass of "
            "`trainers.base.AdversarialTrainer`. "
            f"Received: trainer={trainer!r}, which has no {', '.join(lacking)}"
        )
    if trainer.generator_optimizer is None:
        raise ValueError(
            "`trainer` must be compiled. Call `trainer.compile()` first. "
            f"Received: trainer={trainer!r}"
        )


def _shapes(network):
    return tuple(tuple(map(int, weight.shape)) for weight in network.weights)
