"""The optimizers of both networks."""

from typing import Any

import keras
import tensorflow as tf

from tfgan_tricks import _addons
from tfgan_tricks import _compat
from trainers import _fused_adam

_REFUSED_ON_REPLICAS = ("gradient_accumulation_steps", "ema_overwrite_frequency")


class Paper:
    """The optimizer of a paper, created separately for each network of each trainer."""

    def __init__(self, name: str, **arguments: Any):
        self.name = name
        self.arguments = arguments

    def make(self) -> Any:
        return getattr(keras.optimizers, self.name)(**self.arguments)


class Pair:
    """Both networks' optimizers, in the form that the callbacks of Keras expect.

    `LearningRateScheduler`, `ReduceLROnPlateau` and `SwapEMAWeights` act on both.
    """

    built = True

    def __init__(self, generator: Any, discriminator: Any):
        self.optimizers = [generator, discriminator]

    @property
    def iterations(self) -> Any:
        return self.optimizers[0].iterations

    @property
    def variables(self) -> list:
        return [v for optimizer in self.optimizers for v in optimizer.variables]

    @property
    def lr(self) -> _compat.LearningRates:
        """Both learning rates, which callbacks of Keras 2 read and assign as one."""
        return _compat.LearningRates(self.optimizers)


def prepared(optimizer: Any, network: keras.Model, needs_loss_scale: bool) -> Any:
    """Returns the optimizer, ready to train the weights of `network`."""
    optimizer = _get(optimizer)
    _check_scope(_inner(optimizer))
    _fused_adam.fuse(_inner(optimizer))
    if needs_loss_scale and not _has_loss_scale(optimizer):
        optimizer = keras.mixed_precision.LossScaleOptimizer(optimizer)
    _compat.build_optimizer(optimizer, network.trainable_variables)
    if tf.distribute.get_strategy().num_replicas_in_sync > 1:
        _check_replicas(_inner(optimizer))
        _compat.clip_after_sum(_inner(optimizer))
    return optimizer


def finalize(optimizer: Any, variables: list) -> None:
    """Copies the averages that an optimizer keeps to the weights, as Keras does."""
    inner = _inner(optimizer)
    if getattr(inner, "use_ema", False):
        inner.finalize_variable_values(variables)


def check_distinct(generator_optimizer: Any, discriminator_optimizer: Any) -> None:
    shared = generator_optimizer is discriminator_optimizer
    if shared and not isinstance(generator_optimizer, (str, dict, type(None))):
        raise ValueError(
            "`generator_optimizer` and `discriminator_optimizer` must be different "
            "objects: an optimizer stores the state of one network. "
            f"Received: generator_optimizer={generator_optimizer!r} for both"
        )


def _get(optimizer):
    if isinstance(optimizer, str) and optimizer.startswith(_addons.PREFIX):
        return _addons.optimizer(optimizer)
    return keras.optimizers.get(optimizer)


def _has_loss_scale(optimizer):
    return isinstance(optimizer, keras.mixed_precision.LossScaleOptimizer)


def _inner(optimizer):
    return optimizer.inner_optimizer if _has_loss_scale(optimizer) else optimizer


def _check_scope(optimizer):
    strategy = tf.distribute.get_strategy()
    own = getattr(optimizer, "_distribution_strategy", None)
    if own is not None and own is not strategy:
        raise ValueError(
            "`optimizer` must be created in the scope of the trainer's `tf.distribute` "
            "strategy: create and compile it inside `with strategy.scope():`. "
            f"Received: optimizer={type(optimizer).__name__}, created in another scope"
        )


def _check_replicas(optimizer):
    for name in _REFUSED_ON_REPLICAS:
        if getattr(optimizer, name, None) is not None:
            raise ValueError(
                f"`{name}` must be None on several replicas: Keras cannot update "
                "weights in a branch there. Train on one device, or remove it. "
                f"Received: {name}={getattr(optimizer, name)!r} of "
                f"{type(optimizer).__name__}"
            )
