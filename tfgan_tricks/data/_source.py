"""Examples with their labels."""

from typing import NamedTuple

import numpy as np

from tfgan_tricks.data._picture_data import PictureFiles


class Source(NamedTuple):
    """Examples, with labels if there are any.

    Attributes:
        examples: Images, uint8 `[N, height, width, channels]`, or points, float32
            `[N, 2]`. The images of a large folder are an object with the shape and the
            indices of an array, see `load`.
        labels: Labels, int64 `[N]`, or `None`.
        skipped: Number of images that could not be read.
        label_names: Names of labels 0, 1, ..., or an empty tuple.
        left_out: Suffixes of files that are not images of a known format, each with the
            number of such files.

    >>> Source(np.zeros([5, 8, 8, 1], "uint8")).skipped
    0
    """

    examples: np.ndarray | PictureFiles
    labels: np.ndarray | None = None
    skipped: int = 0
    label_names: tuple[str, ...] = ()
    left_out: tuple[tuple[str, int], ...] = ()


def checked(source: Source) -> Source:
    """Returns a `Source` of arrays that can be batched.

    Raises:
        ValueError: If examples are not an array of uint8 or floats, or labels are not
            one integer of at least 0 per example, with a name if there are names.
    """
    examples, labels = source.examples, source.labels
    if not isinstance(examples, PictureFiles):
        examples = np.asarray(examples)
    if examples.dtype != np.uint8 and examples.dtype.kind != "f" or not examples.ndim:
        raise ValueError(
            "`source_or_array` must be uint8 or floats, [N, ...]. Received: "
            f"{examples.dtype} {list(examples.shape)}"
        )
    if labels is not None:
        names = source.label_names
        labels = _checked_labels(np.asarray(labels), len(examples), names)
    return source._replace(examples=examples, labels=labels)


def _checked_labels(labels, count, names):
    if labels.shape != (count,) or labels.dtype.kind not in "iu":
        raise ValueError(
            f"`labels` must be integers [{count}], one for each example. "
            f"Received: labels={labels.dtype} {list(labels.shape)}"
        )
    low, high = (int(labels.min()), int(labels.max())) if count else (0, 0)
    if low < 0 or names and high >= len(names):
        wanted = f"from 0 to {len(names) - 1}" if names else "at least 0"
        raise ValueError(
            f"`labels` must be {wanted}. Received: labels from {low} to {high}"
        )
    return labels.astype("int64")
