"""Keras callbacks that act on one of two networks."""

from typing import Any

import keras

from tfgan_tricks import _checks

PLAYERS = ("generator", "discriminator")
_OF_THE_NETWORK = {
    "get_weights",
    "layers",
    "load_weights",
    "non_trainable_variables",
    "non_trainable_weights",
    "save",
    "save_weights",
    "set_weights",
    "trainable_variables",
    "trainable_weights",
    "variables",
    "weights",
}


class ForPlayer(keras.callbacks.Callback):
    """A wrapper that makes a Keras callback act on one network of a trainer.

    A trainer has two networks and two optimizers. By default, callbacks such as
    `keras.callbacks.ReduceLROnPlateau`, `LearningRateScheduler` and `SwapEMAWeights`
    act on both optimizers. Inside `ForPlayer`, `model.optimizer` is the optimizer of
    one network. `get_weights`, `set_weights`, `weights`, `layers`, `save` and similar
    methods also refer to this network: `EarlyStopping` restores only its best weights,
    and `ModelCheckpoint` saves it. All other attributes are the trainer's.

    Values that the callback adds to the logs get the prefix `generator_` or
    `discriminator_`, such as `discriminator_learning_rate`.

    Args:
        callback: A `keras.callbacks.Callback`.
        player: "generator" or "discriminator".

    Raises:
        ValueError: If `player` is unknown, or `callback` is not a callback. `fit`
            raises it if the model is not a trainer of this package.

    >>> import trainers
    >>> from tfgan_tricks import networks
    >>> trainer = trainers.NonSaturatingGAN(
    ...     networks.mlp_generator((2,), latent_dim=4), networks.mlp_discriminator((2,))
    ... )
    >>> trainer.compile("sgd", "sgd")
    >>> slower = keras.callbacks.LearningRateScheduler(lambda epoch: 0.5 ** (epoch + 1))
    >>> x = tf.random.normal([64, 2])
    >>> history = trainer.fit(
    ...     x, epochs=2, callbacks=[ForPlayer(slower, "discriminator")], verbose=0
    ... )
    >>> float(trainer.discriminator_optimizer.learning_rate.numpy())
    0.25
    """

    def __init__(self, callback: keras.callbacks.Callback, player: str) -> None:
        super().__init__()
        if player not in PLAYERS:
            raise _checks.unknown_name("player", player, PLAYERS)
        if not isinstance(callback, keras.callbacks.Callback):
            raise ValueError(
                "`callback` must be a `keras.callbacks.Callback` object. "
                f"Received: callback={callback!r}"
            )
        self.callback = callback
        self.player = player
        # Keras 2 asks which hooks exist, and whether they accept tensors.
        self._supports_tf_logs = getattr(callback, "_supports_tf_logs", False)
        for name in dir(callback):
            if name.startswith("on_") and name != "on_epoch_end":
                setattr(self, name, getattr(callback, name))

    def set_params(self, params: dict[str, Any]) -> None:
        super().set_params(params)
        self.callback.set_params(params)

    def set_model(self, model: keras.Model) -> None:
        super().set_model(model)
        if not hasattr(model, f"{self.player}_optimizer"):
            raise ValueError(
                f"`model` must be a trainer with a `{self.player}_optimizer`. Use the "
                f"callback itself with other models. Received: model={model!r}"
            )
        self.callback.set_model(_PlayersView(model, self.player))

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        logs = {} if logs is None else logs
        seen = dict(logs)
        self.callback.on_epoch_end(epoch, seen)
        added = {name: value for name, value in seen.items() if name not in logs}
        logs.update({f"{self.player}_{name}": v for name, v in added.items()})


class _PlayersView:
    """A trainer with the optimizer and the weights of one network."""

    def __init__(self, trainer, player):
        vars(self).update(_trainer=trainer, _player=player)

    def __getattr__(self, name):
        trainer, player = vars(self)["_trainer"], vars(self)["_player"]
        if name == "optimizer":
            return getattr(trainer, f"{player}_optimizer")
        source = getattr(trainer, player) if name in _OF_THE_NETWORK else trainer
        return getattr(source, name)

    def __setattr__(self, name, value):
        setattr(self._trainer, name, value)
