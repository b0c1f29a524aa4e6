"""Scores the samples of a run, of an exported generator, or in files."""

import json
import os
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from launch import _untrusted
from tfgan_tricks import _files
from tfgan_tricks import _limits
from tfgan_tricks import _sampling
from tfgan_tricks import data
from tfgan_tricks import metrics

_SUFFIX = ".evaluation.json"
_METADATA = "metadata.json"  # In the folder of an exported generator.
_GRAPH = "saved_model.pb"


def of_run(run: Any, checkpoint: str, judge: metrics.Judge) -> str:
    """Scores a checkpoint of a run, writes the scores, and returns a text.

    Args:
        run: The `Run`.
        checkpoint: "last" or "best".
        judge: The judge.
    """
    found = run.evaluate(judge, checkpoint)
    path = run.folder.file(run.folder.evaluation(checkpoint))
    return told(found, run.told(checkpoint), path)


def of_samples(path: str, most: int, judge_of: Callable[..., metrics.Judge]) -> str:
    """Scores samples in files or of an exported generator, as `of_run` does.

    Args:
        path: Path of the samples.
        most: Maximum number of images that are read from files.
        judge_of: Function that returns the judge. Its arguments are the options of a
            dataset with images of the size of the samples.

    Raises:
        ValueError: If the path is not one of these.
    """
    if os.path.isfile(os.path.join(path, _GRAPH)):
        exported = _Exported(path)
        judge = judge_of(**exported.sizes)
        found = judge(exported.samples(judge), exported.output_range)
    else:
        kind = "image_folder" if os.path.isdir(path) else "npz"
        images = data.load(f"{kind}:{path}").examples[:most]
        _check_enough(images, path)
        found = judge_of(**_sizes(images.shape[1:]))(images)
    name = os.path.normpath(path) + _SUFFIX
    with _files.whole_file(name, "samples") as file:
        file.write(json.dumps(found.entries(), indent=2).encode() + b"\n")
    return told(found, path, name)


def _check_enough(images, path):
    """Raises an error before a classifier is trained in vain."""
    if len(images) < metrics.Judge.LEAST:
        raise ValueError(
            f"`samples` must contain at least {metrics.Judge.LEAST} images. "
            f"Received: samples={path!r} with {len(images)}"
        )


def _sizes(shape):
    """Returns the options of a dataset whose images shall have a shape."""
    if len(shape) != 3 or shape[0] != shape[1]:
        return {}
    channels = {"channels": shape[2]} if shape[2] in (1, 3) else {}
    return {"image_size": shape[0], **channels}


class _Exported:
    """A generator in the SavedModel that `tfgan-export` writes."""

    def __init__(self, path):
        metadata = _untrusted.entries(os.path.join(path, _METADATA))
        try:
            self._model = tf.saved_model.load(path)
            self._function = self._model.signatures["serving_default"]
            inputs = self._function.structured_input_signature[1]
            self._latent_dim = int(inputs["z"].shape[1])
            shape = self._function.structured_outputs["images"].shape
        except (KeyError, OSError, TypeError, ValueError, tf.errors.OpError) as error:
            raise ValueError(
                "`samples` must be a SavedModel of tfgan-export, with a signature "
                f"serving_default(z). Received: samples={path!r}"
            ) from error
        self._is_conditional = "labels" in inputs
        self._num_classes = metadata.get("num_classes")
        self.output_range = metadata.get("output_range")
        self._shape = shape
        self.sizes = _sizes(tuple(shape[1:]))

    def samples(self, judge):
        """Draws samples of the labels of the judge's real examples, if any."""
        count = judge.num_examples
        each = _sampling.bytes_each(self._latent_dim, tuple(self._shape))
        _limits.check_memory(count * each, num_images=count)
        inputs = {"z": _sampling.latents(count, self._latent_dim, judge.seed)}
        if self._is_conditional:
            inputs["labels"] = self._labels(judge, count)

        def generate(*part):
            return self._function(**dict(zip(inputs, part, strict=True)))["images"]

        return _sampling.in_parts(generate, *inputs.values())

    def _labels(self, judge, count):
        labels, most = judge.labels, self._num_classes
        if labels is None:
            labels = np.arange(count) % most
        if labels.max() >= most:
            raise ValueError(
                f"`dataset` must have labels from 0 to {most - 1}, the labels of the "
                f"generator. Received: labels up to {labels.max()}"
            )
        return tf.constant(labels, tf.int32)


def told(found: metrics.Evaluation, what: str, path: str) -> str:
    """Returns a table of scores with their protocol, to print."""
    protocol = found.protocol
    accuracy = protocol.accuracy
    told = "" if accuracy is None else f" of accuracy {accuracy:.1%}"
    lines = [
        f"{protocol.num_fake} samples of {what} against {protocol.num_real} examples "
        f"of {protocol.dataset} ({protocol.split}), by {protocol.features} "
        f"features{told}:"
    ]
    width = max(map(len, found.scores))
    lines += [f"  {name:{width}}  {value:.5g}" for name, value in found.scores.items()]
    return "\n".join([*lines, f"The scores and their protocol are in {path}"])
