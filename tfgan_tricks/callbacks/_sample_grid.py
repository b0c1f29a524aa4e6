"""Sample grids of fixed latents over the course of a run."""

import functools
import math
import os
from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from tfgan_tricks import _checks
from tfgan_tricks import _facts
from tfgan_tricks import _files
from tfgan_tricks import _limits
from tfgan_tricks import _sampling
from tfgan_tricks import _unit_range
from tfgan_tricks.callbacks import _subject
from tfgan_tricks.callbacks._after_all import Logs
from tfgan_tricks.callbacks._every import EveryNSteps
from tfgan_tricks.callbacks._picture import are_images
from tfgan_tricks.callbacks._picture import are_points
from tfgan_tricks.callbacks._picture import default_count
from tfgan_tricks.callbacks._picture import picture
from tfgan_tricks.callbacks._picture import write_png


class SampleGrid(EveryNSteps):
    """A callback that draws samples of fixed latents to PNG files and TensorBoard.

    The file of step 500 is `step-000500.png`. `picture` describes how it is drawn. The
    samples of a conditional generator cycle through all labels, and each row shows one
    label if there are few enough.

    Args:
        directory: Folder to write to; created if missing.
        every: Number of steps between sample grids. The last step always gets one.
        generator: The `keras.Model` to draw from. Default: the model's
            `sampling_generator`, or its `generator`.
        num_samples: Number of samples in a grid, at least 1. Default: 64, or 10 of each
            label if there are at most 32 labels.
        seed: Integer seed of the latents.
        num_classes: Number of labels of a conditional generator, at least 1. `None`
            means the number in its label input or layers.
        real: Real points of shape `[number, 2]` for the background, or `None`.
        log_dir: Folder for TensorBoard images, or `None`.
        output_range: The values (low, high) of black and white. Default: the model's
            `output_range` if it has one, otherwise the range of the generator's last
            activation, otherwise (-1, 1).

    Raises:
        ValueError: If `every`, `num_samples`, `seed`, `num_classes` or `output_range`
            is out of range. `fit` raises it if the samples cannot be drawn or would not
            fit in this machine's memory, or the number of labels is unknown.
        OSError: If a folder cannot be written to.

    >>> import keras, tempfile
    >>> from tfgan_tricks import networks
    >>> generator = networks.dcgan_generator(8, channels=1, latent_dim=4, width=2)
    >>> directory = tempfile.mkdtemp()
    >>> grid = SampleGrid(directory, every=2, generator=generator)
    >>> model = keras.Sequential([keras.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> x = tf.ones([96, 1])
    >>> history = model.fit(x, x, batch_size=32, callbacks=[grid], verbose=0)
    >>> sorted(os.listdir(directory))
    ['step-000002.png', 'step-000003.png']
    """

    def __init__(
        self,
        directory: str | os.PathLike,
        every: int,
        *,
        generator: keras.Model | None = None,
        num_samples: int | None = None,
        seed: int = 0,
        num_classes: int | None = None,
        real: Any = None,
        log_dir: str | os.PathLike | None = None,
        output_range: _unit_range.Range | None = None,
    ):
        super().__init__(every)
        if num_samples is not None:
            _checks.positive_integer(num_samples=num_samples)
        _checks.integer(seed=seed)
        if num_classes is not None:
            _checks.positive_integer(num_classes=num_classes)
        if output_range is not None:
            output_range = _unit_range.checked_range(output_range)
        self.directory = _files.folder("directory", directory)
        if log_dir is not None:
            log_dir = _files.folder("log_dir", _files.utf8("log_dir", log_dir))
        self.generator = generator
        self.num_samples = num_samples
        self.seed = seed
        self.num_classes = num_classes
        self.real = real
        self.log_dir = log_dir
        self.output_range = output_range

    @functools.cached_property
    def _writer(self):
        return tf.summary.create_file_writer(str(self.log_dir))

    def on_train_begin(self, logs: Logs = None) -> None:
        super().on_train_begin(logs)
        _files.make_parents(self.directory)
        subject = self._subject()
        shape = _facts.output_shape(subject.generator)
        _check_drawable(shape)
        count = self._count(subject)
        each = _sampling.bytes_each(subject.latent_dim, shape)
        _limits.check_memory(each * count, num_samples=count)

    def on_steps(self, step: int, logs: Mapping[str, Any]) -> None:
        subject = self._subject()
        pixels = picture(
            subject.samples(self._count(subject), self.seed),
            self.real,
            subject.output_range,
            subject.num_classes,
        )
        with _files.writing("directory", self.directory):
            _files.make_folder(self.directory)
        write_png(os.path.join(self.directory, f"step-{step:06d}.png"), pixels)
        if self.log_dir is not None:
            with _files.writing("log_dir", self.log_dir, tf.errors.OpError):
                with self._writer.as_default(step=step):
                    tf.summary.image("samples", pixels[None])

    def _subject(self):
        """Returns the generator and its properties, known since training began."""
        return _subject.of(
            self.model, self.generator, self.num_classes, self.output_range
        )

    def _count(self, subject):
        return self.num_samples or default_count(subject.num_classes)


def _check_drawable(shape):
    """Raises `ValueError` for a known output shape that `picture` cannot draw."""
    if (
        shape is None
        or isinstance(shape, tuple)
        and (are_images(shape) or are_points(shape))
    ):
        return
    raise ValueError(
        "`generator` must return images of shape (batch, height, width, 1 to 4) or "
        f"points of shape (batch, 2) for `SampleGrid`. {_remedy(shape)} "
        f"Received: generator.output_shape={shape}"
    )


def _remedy(shape):
    if isinstance(shape, list):
        return "Pass a `generator` with one output."
    if len(shape) == 3:
        return f"End it with `keras.layers.Reshape({(*shape[1:], 1)})`."
    if len(shape) == 2 and shape[1]:
        for channels in (1, 3):
            side = math.isqrt(shape[1] // channels)
            if side > 1 and side * side * channels == shape[1]:
                end = f"keras.layers.Reshape({(side, side, channels)})"
                return f"If these are images, end it with `{end}`."
    return "Reshape its outputs, or train without `SampleGrid`."
