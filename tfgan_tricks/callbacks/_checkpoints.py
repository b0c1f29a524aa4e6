"""Everything a training needs to go on, in files."""

import tensorflow as tf

from tfgan_tricks.callbacks._every import EveryNSteps


class Checkpoints(EveryNSteps):
    """Saves the whole model: networks, averages, both optimizers, step and all.

    A checkpoint is saved when a multiple of `every` steps was reached or passed, and
    when training ends. `restore` reads the newest.

    Args:
        directory: where to save; made if need be. Checkpoints that are there stay
            and count in `max_to_keep`.
        every: number of training steps from checkpoint to checkpoint.
        max_to_keep: how many of the newest checkpoints to keep.

    Raises:
        ValueError: if `every` is not positive.

    >>> import keras, tempfile
    >>> directory = tempfile.mkdtemp()
    >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> x = tf.ones([64, 1])
    >>> save = Checkpoints(directory, every=100)
    >>> history = model.fit(x, x, batch_size=32, callbacks=[save], verbose=0)
    >>> restore(model, directory)
    2
    """

    def __init__(self, directory, every, max_to_keep=3):
        super().__init__(every)
        self.directory = str(directory)
        self.max_to_keep = max_to_keep
        self._manager = None

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        if self._manager is None:
            self._manager = tf.train.CheckpointManager(
                tf.train.Checkpoint(model=self.model), self.directory, self.max_to_keep
            )

    def on_steps(self, step, logs):
        self._manager.save(checkpoint_number=step)


def restore(model, directory):
    """Restores a compiled and built model from the newest of `Checkpoints`.

    Args:
        model: a `keras.Model` of the same structure as the one that was saved.
        directory: the one given to `Checkpoints`.

    Returns:
        The number of finished training steps, an int.

    Raises:
        ValueError: if there is no checkpoint, or it holds not exactly what the model
            holds.

    >>> import keras
    >>> restore(keras.Sequential([keras.layers.Dense(1)]), "nowhere")
    Traceback (most recent call last):
    ...
    ValueError: `directory` must hold a checkpoint. Received: directory='nowhere'
    """
    newest = tf.train.latest_checkpoint(str(directory))
    if newest is None:
        raise ValueError(
            "`directory` must hold a checkpoint. "
            f"Received: directory={str(directory)!r}"
        )
    _restore_all(model, newest, str(directory))
    return int(newest.rpartition("-")[2])


def _restore_all(model, path, directory):
    """Restores every value of the model and of the checkpoint, or raises."""
    status = None
    try:
        status = tf.train.Checkpoint(model=model).restore(path)
        status.assert_consumed()
    except (AssertionError, ValueError) as error:
        if status is not None:
            status.expect_partial()  # Else it logs what we raise, again.
        reason = str(error).partition(":")[0].partition("\n")[0]
        raise ValueError(
            "`directory` must hold a checkpoint of a model like this one, made with "
            f"the same version of Keras. Received: directory={directory!r} ({reason})"
        ) from error
