"""Pictures of what the generator makes of the same latents, over time."""

import functools
import os

import tensorflow as tf

from tfgan_tricks import _checks
from tfgan_tricks.callbacks._every import EveryNSteps
from tfgan_tricks.callbacks._picture import picture
from tfgan_tricks.callbacks._picture import write_png


class SampleGrid(EveryNSteps):
    """Draws the samples of fixed latents to PNG files, and to TensorBoard.

    The file of step 500 is `step-000500.png`.

    Args:
        directory: where to write; made if need be.
        every: number of training steps from picture to picture; there is always one
            of the last step.
        generator: the `keras.Model` to draw from; by default the model's
            `sampling_generator`, or its `generator`.
        num_samples: how many samples a picture shows.
        seed: of the latents, an int.
        num_classes: for a generator that takes labels, how many there are: the samples
            are of the labels 0, 1, 2, ... and again from 0. `None` if it takes none.
        real: real points of shape `[number, 2]` for the background, or `None`.
        log_dir: a directory for TensorBoard images, or `None`.

    Raises:
        ValueError: if `every` or `num_samples` is not positive.

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
        directory,
        every,
        *,
        generator=None,
        num_samples=64,
        seed=0,
        num_classes=None,
        real=None,
        log_dir=None,
    ):
        super().__init__(every)
        _checks.positive(num_samples=num_samples)
        self.directory = directory
        self.generator = generator
        self.num_samples = num_samples
        self.seed = seed
        self.num_classes = num_classes
        self.real = real
        self.log_dir = log_dir

    @functools.cached_property
    def _writer(self):
        return tf.summary.create_file_writer(str(self.log_dir))

    def on_steps(self, step, logs):
        pixels = picture(self._samples(), self.real)
        write_png(os.path.join(self.directory, f"step-{step:06d}.png"), pixels)
        if self.log_dir is not None:
            with self._writer.as_default(step=step):
                tf.summary.image("samples", pixels[None])

    def _samples(self):
        generator = self.generator or _generator_of(self.model)
        shape = [self.num_samples, _checks.latent_dim(generator)]
        seed = [self.seed, 0]
        inputs = tf.random.stateless_normal(shape, seed=seed, alg="philox")
        if self.num_classes is not None:
            inputs = [inputs, tf.range(self.num_samples) % self.num_classes]
        return tf.cast(generator(inputs, training=False), tf.float32).numpy()


def _generator_of(model):
    return getattr(model, "sampling_generator", None) or model.generator
