"""The forms of users' batches, and their conversion to the form of `train_step`."""

from typing import Any

import numpy as np
import tensorflow as tf

from tfgan_tricks import _facts
from trainers import _arguments
from trainers import _packing

_IMAGES = ("image", "images")
_LABELS = ("label", "labels")


def as_pair(batch: Any) -> Any:
    """Returns images, or images and labels, from a tensor, a tuple or a dict.

    Raises:
        ValueError: If the batch has another form.
    """
    if isinstance(batch, dict):
        return _of_dict(batch)
    if not isinstance(batch, (tuple, list)):
        return batch
    batch = tuple(batch)
    if len(batch) > 2:
        raise ValueError(
            "`x` must consist of images or of pairs `(images, labels)`: training steps "
            f"use no sample weights. Received: batches of {len(batch)} parts"
        )
    parts = batch if len(batch) == 2 else (*batch, None)
    if any(tf.nest.is_nested(part) for part in parts):
        raise ValueError(
            "`x` must consist of images or of pairs `(images, labels)`, not nested "
            f"deeper. Received: {_arguments.shown(batch)}"
        )
    return batch if len(batch) == 2 else batch[0]


def with_labels(pair: Any) -> tuple:
    """Returns a pair of images and labels; raises `ValueError` for anything else."""
    if not isinstance(pair, tuple):
        raise ValueError(
            "`x` must consist of pairs `(images, labels)`, since the networks have a "
            "label input. Received: images only"
        )
    return pair


def _of_dict(batch):
    images, labels = (
        next((batch[key] for key in keys if key in batch), None)
        for keys in (_IMAGES, _LABELS)
    )
    if images is None:
        raise ValueError(
            "`x` must have the key 'image', and 'label' for labels, if its batches are "
            f"dicts. Received: the keys {', '.join(map(repr, batch))}"
        )
    return images if labels is None else (images, labels)


def check(form: Any, trainer: Any) -> None:
    """Raises `ValueError` for specs of batches that do not fit the networks."""
    for images, labels in _pairs_in(form):
        _check_images(images, trainer)
        if labels is not None:
            _check_labels(labels, trainer)


def asserted(form: Any, spec: Any, trainer: Any) -> Any:
    """Returns a batch with assertions about its values, checked when it is used."""
    shape = _image_shape(trainer)
    pairs = []
    for (images, labels), (image_spec, _) in zip(
        _pairs_in(form), _pairs_in(spec), strict=True
    ):
        if image_spec.shape.rank is None:
            images = _of_shape(images, shape)
        if labels is not None:
            labels = _indices(labels, trainer.num_classes)
        pairs.append((images, labels))
    return _from_pairs(pairs)


def _pairs_in(form):
    """Returns the parts of a batch as pairs of images and labels, or `None`."""
    if not isinstance(form, tuple):
        return [(form, None)]
    return [(form[0], None), form[1]] if isinstance(form[1], tuple) else [form]


def _from_pairs(pairs):
    """Inverts `_pairs_in`."""
    (images, labels), *rest = pairs
    if rest:
        return images, rest[0]
    return images if labels is None else (images, labels)


def _check_images(spec: Any, trainer: Any) -> None:
    if not isinstance(spec, tf.TensorSpec):
        raise ValueError(
            "`x` must consist of dense tensors. Convert sparse or ragged ones with "
            f"`tf.sparse.to_dense` or `to_tensor`. Received: {spec}"
        )
    if not (spec.dtype.is_floating or spec.dtype.is_integer):
        raise ValueError(
            "`x` must consist of numbers, images in the generator's range. "
            f"Received: images of dtype {spec.dtype.name}"
        )
    if trainer.joint_batch and not spec.dtype.is_floating:
        raise ValueError(
            "`x` must be floating-point with `joint_batch`, in the range of the fake "
            "images. Convert it, for example with `data.to_unit_range`. "
            f"Received: images of dtype {spec.dtype.name}"
        )
    _check_shape(spec.shape, trainer)


def _check_shape(shape, trainer):
    expected = tf.TensorShape(_image_shape(trainer))
    if shape.is_compatible_with(expected):
        return
    if shape.is_compatible_with(expected[1:]):
        raise ValueError(
            "`x` must consist of batches. Use `dataset.batch(batch_size)`. "
            f"Received: single examples of shape {tuple(shape)}"
        )
    raise ValueError(
        f"`x` must consist of images of shape {tuple(expected[1:])}, the inputs of the "
        "discriminator. "
        f"Received: batches of shape {tuple(shape)}"
    )


def _check_labels(spec: Any, trainer: Any) -> None:
    if not isinstance(spec, tf.TensorSpec) or not (
        spec.dtype.is_floating or spec.dtype.is_integer
    ):
        raise ValueError(
            "`labels` must be integers starting at 0, or one-hot. Number the classes, "
            "for example with `np.unique(labels, return_inverse=True)`. "
            f"Received: labels of {getattr(spec, 'dtype', spec)}"
        )
    known = trainer.num_classes
    if known is not None and _are_rows(spec.shape) and spec.shape[1] != known:
        raise ValueError(
            f"`labels` must be class indices, or one-hot with {known} columns, since "
            f"the networks have {known} classes. "
            f"Received: labels of shape {tuple(spec.shape)}"
        )
    if spec.shape.rank is not None:
        one = tf.zeros([1, *spec.shape[1:]], spec.dtype)
        for network in (trainer.generator, trainer.discriminator):
            _facts.inputs(network, tf.zeros([1]), one)


def check_label_values(labels: Any, num_classes: int | None) -> None:
    """Raises `ValueError` for an array of labels that are not class indices."""
    if num_classes is None or _are_rows(labels.shape):
        return
    labels = np.asarray(labels)
    if not _are_indices(labels, num_classes):
        whole = (labels == labels.astype("int64")).all()
        kind = "" if whole else " with fractions"
        bounds = f"{labels.min()} to {labels.max()}"
        raise ValueError(f"{_wrong_labels(num_classes)} {bounds}{kind}")


def _indices(labels, num_classes):
    """Asserts that labels are class indices if the number of classes is known."""
    if num_classes is None or _are_rows(labels.shape):
        return labels
    bounds = [tf.reduce_min(labels), "to", tf.reduce_max(labels)]
    data = [_wrong_labels(num_classes), *bounds]
    fit = _are_indices(labels, num_classes)
    with tf.control_dependencies([tf.debugging.Assert(fit, data)]):
        return tf.identity(labels)


def _are_rows(shape):
    """Returns `True` for labels that are one-hot, or other vectors."""
    return len(shape) == 2 and shape[1] != 1


def _are_indices(labels, num_classes):
    labels = tf.convert_to_tensor(labels)
    indices = tf.cast(labels, tf.int64)
    known = (indices >= 0) & (indices < num_classes)
    return tf.reduce_all(known & tf.equal(tf.cast(indices, labels.dtype), labels))


def _wrong_labels(num_classes):
    return (
        f"`labels` must be integers from 0 to {num_classes - 1}, since the networks "
        f"have {num_classes} classes. Number them from 0. Received: labels from"
    )


def _image_shape(trainer):
    judged = _facts.input_shapes(trainer.discriminator)[0]
    return _packing.shape_of_example(judged, trainer.packing)


def _of_shape(images, shape):
    """Asserts the shape of images whose specs do not state it."""
    rank_fits = tf.equal(tf.rank(images), len(shape))
    data = [f"`x` must consist of batches of shape {shape}. Received: batches of shape"]
    data.append(tf.shape(images))
    with tf.control_dependencies([tf.debugging.Assert(rank_fits, data)]):
        return tf.ensure_shape(images, shape)
