"""Samples and exports of a run's generator."""

import os
import shutil
from typing import Any
from typing import NamedTuple

import numpy as np

from tfgan_tricks import _checks
from tfgan_tricks import _files
from tfgan_tricks import callbacks
from tfgan_tricks import data
from tfgan_tricks import export as exporting
from tfgan_tricks.callbacks import _picture


class Samples(NamedTuple):
    """Samples, and their labels if the generator is class-conditional."""

    examples: np.ndarray
    labels: np.ndarray | None = None
    num_classes: int | None = None  # If the samples cycle through all classes.


def samples(
    generator: Any,
    num_classes: int | None,
    num_images: int | None,
    seed: int,
    label: int | None,
) -> Samples:
    """Draws samples.

    Args:
        generator: The generator.
        num_classes: Number of labels of the generator, or `None`.
        num_images: Number of samples. `None` means the number in a sample grid, see
            `callbacks.SampleGrid`.
        seed: Integer seed of the latents.
        label: Label of all samples. `None` cycles through all labels.

    Raises:
        ValueError: If an argument is out of range.
    """
    _checks.integer(seed=seed)
    sampler = exporting.Sampler(generator, num_classes)
    in_turn = sampler.num_classes if label is None else None
    count = _picture.default_count(in_turn) if num_images is None else num_images
    _checks.positive_integer(num_images=count)
    labels = _labels(sampler.num_classes, count, label)
    what = count if labels is None else labels
    return Samples(exporting.samples(sampler, what, seed), labels, in_turn)


def _labels(num_classes, num_images, label):
    if num_classes is None:
        if label is not None:
            raise ValueError(
                "`label` must be None, because the generator is not class-conditional. "
                f"Received: label={label!r}"
            )
        return None
    if label is None:
        return np.arange(num_images, dtype="int32") % num_classes
    if not isinstance(label, (int, np.integer)) or not 0 <= label < num_classes:
        raise ValueError(
            f"`label` must be an integer from 0 to {num_classes - 1}, or None for all "
            f"labels. Received: label={label!r}"
        )
    return np.full(num_images, label, "int32")


def draw(samples: Samples, output_range: Any, path: str) -> str:
    """Draws samples to a PNG file, and writes a `.npz` file if some do not fit.

    Returns:
        A text that names the files.
    """
    examples, in_turn = samples.examples, samples.num_classes
    pixels = callbacks.picture(examples, None, output_range, in_turn)
    callbacks.write_png(path, pixels)
    drawn = len(examples)
    if examples.ndim == 4:
        drawn = _picture.Grid.of(examples.shape, in_turn).capacity
    if drawn >= len(examples):
        return path
    arrays = {"images": data.to_uint8(examples, output_range or (-1.0, 1.0)).numpy()}
    if samples.labels is not None:
        arrays["labels"] = samples.labels
    array_path = os.path.splitext(path)[0] + ".npz"
    with _files.whole_file(array_path) as file:
        np.savez(file, **arrays)
    return f"{array_path}, the first {drawn} of them in {path}"


def export(
    trainer: Any, path: Any, num_classes: int | None, metadata: dict[str, Any]
) -> None:
    """Exports the generator: to a `.keras` file, or else to a SavedModel.

    Args:
        trainer: The trainer, whose step and kind of weights are in the metadata.
        path: File or folder to create.
        num_classes: Number of labels of the generator, or `None`.
        metadata: Further entries for `metadata.json`.

    Raises:
        ValueError: If `path` exists.
    """
    if os.fsdecode(path).endswith(".keras"):
        exporting.save_keras(trainer.sampling_generator, path)
        return
    exporting.save(
        trainer.sampling_generator,
        path,
        output_range=trainer.output_range or "auto",
        num_classes=num_classes,
        metadata={
            **metadata,
            "step": int(trainer.step.numpy()),
            "weights": "raw" if trainer.ema_generator is None else "ema",
        },
    )


def replace(
    trainer: Any, path: str, num_classes: int | None, metadata: dict[str, Any]
) -> None:
    """Exports to a new folder, which then replaces an earlier export."""
    shutil.rmtree(path + ".new", ignore_errors=True)
    export(trainer, path + ".new", num_classes, metadata)
    shutil.rmtree(path, ignore_errors=True)
    os.replace(path + ".new", path)
