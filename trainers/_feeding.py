"""Conversion of the data passed to `fit` to a dataset with one element per step."""

import contextlib
import re
import warnings
from collections.abc import Iterator
from typing import Any
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tfgan_tricks import _checks
from tfgan_tricks import _compat
from trainers import _arguments
from trainers import _arrays
from trainers import _forms
from trainers import _grouping
from trainers._watch import FirstBatch

_ASSERTION = re.compile(r"assertion failed: ((?:\[[^\]]*\] ?)+)")
_BATCH_SIZE = 32


class Feed(NamedTuple):
    """The data for Keras' own `fit`.

    Attributes:
        dataset: A dataset with one element per step.
        steps_per_epoch: Number of steps in an epoch. `None` means the length of the
            dataset.
    """

    dataset: Any
    steps_per_epoch: int | None


def feed(
    trainer: Any,
    x: Any,
    y: Any,
    batch_size: int | None,
    shuffle: bool,
    steps_per_epoch: int | None,
    first_batch: FirstBatch | None,
) -> Feed:
    """Returns the data of a call of `fit`, with the number of steps in an epoch.

    Records the range of the first batch in `first_batch`.

    Raises:
        ValueError: If the data cannot be trained on.
    """
    if isinstance(x, tf.distribute.DistributedDataset):
        _refuse_with_dataset(y=y)
        return Feed(x, steps_per_epoch)
    if isinstance(x, tf.data.Dataset):
        _refuse_with_dataset(y=y, batch_size=batch_size)
        return _of_dataset(trainer, x, steps_per_epoch, first_batch)
    order: dict[str, Any] = {
        "seed": trainer.seed if shuffle else None,
        "first": lambda: int(trainer.step.numpy()) * trainer.batches_per_step,
    }
    if isinstance(x, _compat.PyDataset):
        _refuse_with_dataset(y=y, batch_size=batch_size)
        endless = _arrays.of_py_dataset(x, **order)
        batches = _arranged(trainer, endless.batches, first_batch)
    else:
        arrays = _checked_arrays(trainer, x, y)
        if first_batch is not None:
            first_batch.note_array(tf.nest.flatten(arrays)[0])
        size = _checked_batch_size(batch_size)
        drop_remainder = _shares(trainer) > 1
        endless = _arrays.of_arrays(
            arrays, size, drop_remainder=drop_remainder, **order
        )
        batches = endless.batches
        _forms.check(batches.element_spec, trainer)
    _check_divisible(batches.element_spec, trainer)
    steps = steps_per_epoch or _steps_of(endless.per_epoch, trainer)
    return Feed(_grouping.grouped(batches, trainer.batches_per_step), steps)


def one_step(trainer: Any, x: Any, y: Any) -> tf.data.Dataset:
    """Returns a dataset with one element, for one step on all examples of arrays."""
    arrays = _checked_arrays(trainer, x, y)
    count = trainer.batches_per_step
    size = len(tf.nest.flatten(arrays)[0])
    shares = _shares(trainer)
    if size % (count * shares):
        each = f", each a multiple of {shares}, {_purpose(trainer)}" * (shares > 1)
        raise ValueError(
            f"`x` must contain {count} batches of equal size, one after another{each}. "
            f"Received: {size} examples"
        )
    batches = tf.data.Dataset.from_tensor_slices(arrays).batch(size // count, True)
    _forms.check(batches.element_spec, trainer)
    return _grouping.grouped(batches, count)


def _of_dataset(trainer, dataset, steps_per_epoch, first_batch):
    count = trainer.batches_per_step
    length = int(dataset.cardinality())
    if length == tf.data.INFINITE_CARDINALITY and steps_per_epoch is None:
        raise ValueError(
            "`steps_per_epoch` must be given with an infinite dataset, such as a "
            "repeated one. Received: steps_per_epoch=None"
        )
    if length >= 0:
        steps = _steps_of(length, trainer)
        if steps * count < length and steps_per_epoch is None:
            # The next epoch starts with the batches that this one leaves.
            dataset, steps_per_epoch = dataset.repeat(), steps
    batches = _arranged(trainer, dataset, first_batch)
    _check_divisible(batches.element_spec, trainer)
    return Feed(_grouping.grouped(batches, count), steps_per_epoch)


def _steps_of(batches, trainer):
    """Returns the number of steps in a number of batches."""
    if batches < trainer.batches_per_step:
        raise _arguments.too_few_batches(trainer, f"{batches} batches")
    return batches // trainer.batches_per_step


def _arranged(trainer, batches, first_batch):
    """Returns batches in the form of `train_step`, checked as far as specs allow."""
    form = trainer.arrange(batches.element_spec)
    _forms.check(form, trainer)

    def arranged(*batch):
        return _forms.asserted(trainer.arrange(_unpacked(batch)), form, trainer)

    batches = batches.map(tf.autograph.experimental.do_not_convert(arranged))
    return batches if first_batch is None else first_batch.noted_in(batches)


def _unpacked(arguments):
    """Returns a dataset's element, which `map` splits into arguments."""
    return arguments if len(arguments) > 1 else arguments[0]


def _check_divisible(specs, trainer):
    """Raises `ValueError` unless all shares of each batch are equal."""
    sizes = [
        spec.shape[0] if spec.shape.rank else None for spec in tf.nest.flatten(specs)
    ]
    shares = _shares(trainer)
    if shares > 1 and any(size is None or size % shares for size in sizes):
        raise ValueError(
            f"`x` must have a fixed batch size, a multiple of {shares}, "
            f"{_purpose(trainer)}. Use "
            f"`dataset.batch(size, drop_remainder=True)`. Received: sizes={sizes}"
        )


def _shares(trainer):
    """Returns the divisor of every batch size."""
    return trainer.num_replicas * trainer.micro_batches * trainer.packing


def _purpose(trainer):
    """Returns the reason why a batch has this divisor."""
    names = {"replicas": trainer.num_replicas, "micro-batches": trainer.micro_batches}
    shares = " and ".join(name for name, count in names.items() if count > 1)
    packs = f"packs of `packing={trainer.packing}` examples"
    if not shares:
        return f"so that it consists of {packs}"
    of_packs = f" of {packs}" if trainer.packing > 1 else ""
    return f"so that all {shares} get equal shares{of_packs}"


def _checked_arrays(trainer, x, y):
    """Returns the array of images, with labels if the networks have a label input."""
    if isinstance(x, dict) and y is None:
        x = _forms.as_pair(x)
        x, y = x if isinstance(x, tuple) else (x, None)
    images = _array("x", x)
    if y is None:
        return trainer.arrange(images)
    labels = _array("y", y)
    if len(labels) != len(images):
        raise ValueError(
            "`y` must have one label per image. "
            f"Received: {len(labels)} labels for {len(images)} images"
        )
    arrays = trainer.arrange((images, labels))
    if isinstance(arrays, tuple):
        _forms.check_label_values(labels, trainer.num_classes)
    return arrays


def _array(name, value):
    """Checks that a value is an array with at least one row, and returns it."""
    if not _is_array(value):
        raise ValueError(
            f"`{name}` must be an array of examples, a `tf.data.Dataset` of batches or "
            "a `keras.utils.PyDataset`. Join lists of batches with `np.concatenate`, "
            "and wrap generators and loaders with `tf.data.Dataset.from_generator`. "
            f"Received: {name}={_arguments.shown(value)} of type {_type_name(value)}"
        )
    array = value if tf.is_tensor(value) else np.asarray(value)
    if isinstance(array, np.ndarray) and array.dtype.kind in "OUS":
        raise ValueError(
            f"`{name}` must contain numbers. Number the classes from 0, for example "
            f"with `np.unique({name}, return_inverse=True)`. "
            f"Received: {name} of dtype {array.dtype}"
        )
    if not array.shape or not array.shape[0]:
        raise ValueError(
            f"`{name}` must have at least one example. "
            f"Received: {name}.shape={tuple(array.shape)}"
        )
    return array


def _is_array(value):
    is_sparse = isinstance(value, (tf.SparseTensor, tf.RaggedTensor))
    return not is_sparse and (tf.is_tensor(value) or hasattr(value, "__array__"))


def _type_name(value):
    return f"{type(value).__module__}.{type(value).__qualname__}"


def _checked_batch_size(batch_size):
    if batch_size is None:
        return _BATCH_SIZE
    if isinstance(batch_size, np.integer):
        batch_size = int(batch_size)
    _checks.positive_integer(batch_size=batch_size)
    return batch_size


def _refuse_with_dataset(**given):
    for name, value in given.items():
        if value is not None:
            raise ValueError(
                f"`{name}` must be None if `x` is a dataset, since its batches contain "
                "the labels. "
                f"Received: {name}={_arguments.shown(value)}"
            )


@contextlib.contextmanager
def plain_errors(trainer: Any) -> Iterator[None]:
    """Shortens errors about the user's data and networks inside the block to a line."""
    try:
        with warnings.catch_warnings():
            # Keras 3 warns at the end of every dataset of unknown length.
            warnings.filterwarnings("ignore", "Your input ran out of data")
            yield
    except tf.errors.InvalidArgumentError as error:
        found = _ASSERTION.search(str(error))
        if found is None:
            raise
        told = " ".join(re.findall(r"\[([^\]]*)\]", found[1]))
        raise ValueError(told) from None
    except ValueError as error:
        if "`train_function` (Empty logs)" in str(error):  # In Keras 2.
            raise _arguments.too_few_batches(trainer, "an empty dataset") from None
        if not str(error).startswith("in user code:"):
            raise
        raise ValueError(str(error).rpartition("ValueError: ")[2].strip()) from error
