"""The work of `fit` around the epochs, and the range of its data."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from trainers import _arguments
from trainers import _warnings

_ROWS = 1000


class FirstBatch:
    """The range of an array, or of a dataset's first batch once it is read."""

    def __init__(self):
        self.range = None

    def note_array(self, images: Any) -> None:
        """Records the range of a limited number of rows."""
        rows = np.asarray(images[:: max(1, len(images) // _ROWS)])
        self.range = float(rows.min()), float(rows.max())

    def noted_in(self, dataset: tf.data.Dataset) -> tf.data.Dataset:
        """Returns the dataset, which records the range when it is first read."""

        def look(index, batch):
            noted = tf.cond(index == 0, lambda: self._note(batch), lambda: True)
            with tf.control_dependencies([noted]):
                return tf.nest.map_structure(tf.identity, batch)

        look = tf.autograph.experimental.do_not_convert(look)
        return dataset.enumerate().map(look)

    def _note(self, batch):
        images = tf.cast(tf.nest.flatten(batch)[0], tf.float32)
        bounds = [tf.reduce_min(images), tf.reduce_max(images)]
        return tf.numpy_function(self._keep, bounds, tf.bool)

    def _keep(self, low, high):
        if self.range is None:
            self.range = float(low), float(high)
        return True


class Watch(keras.callbacks.Callback):
    """A callback that runs before all other callbacks.

    Args:
        x: Data passed to `fit`.
        first_batch: A `FirstBatch`. `None` disables the check of its range.
    """

    def __init__(self, x: Any, first_batch: FirstBatch | None):
        super().__init__()
        self._x = x
        self._first_batch = first_batch
        self._has_trained = False

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        self._has_trained = False
        self._tell_py_dataset("on_epoch_begin")

    def on_train_batch_end(
        self, batch: int, logs: Mapping[str, Any] | None = None
    ) -> None:
        self._has_trained = True
        if self._first_batch is not None and self._first_batch.range is not None:
            _warnings.warn_of_range(self.model, *self._first_batch.range)
            self._first_batch = None

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        if not self._has_trained:
            raise _arguments.too_few_batches(self.model, "a dataset that ended before")
        self._tell_py_dataset("on_epoch_end")

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        with self.model.distribute_strategy.scope():
            for player in self.model.players:
                player.finalize()

    def _tell_py_dataset(self, event):
        getattr(self._x, event, lambda: None)()


def first(own: keras.callbacks.Callback, callbacks: Any) -> Any:
    """Returns the callbacks for Keras' own `fit`, with `own` in front."""
    if isinstance(callbacks, keras.callbacks.CallbackList):
        own.set_model(callbacks.model)
        callbacks.callbacks.insert(0, own)
        return callbacks
    given = callbacks if isinstance(callbacks, (list, tuple)) else [callbacks]
    return [own, *(callback for callback in given if callback is not None)]
