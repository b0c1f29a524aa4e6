"""Optimizers of TensorFlow Addons by name, for TensorFlow 2.15."""

import importlib.util
import inspect
import warnings
from typing import Any

from tfgan_tricks import _checks

PREFIX = "addons:"

# Optimizers that need no argument except a learning rate, and their replacements.
REPLACEMENTS = {
    "AdaBelief": "keras.optimizers.Adam, the nearest equivalent",
    "LAMB": "keras.optimizers.Lamb, the same optimizer",
    "LazyAdam": "keras.optimizers.Adam, the same for dense gradients",
    "Lookahead": "keras.optimizers.Adam and the trainer's ema_decay",
    "NovoGrad": "keras.optimizers.Adam with clipnorm=1.0, the nearest equivalent",
    "ProximalAdagrad": "keras.optimizers.Adagrad, the same without regularization",
    "RectifiedAdam": "keras.optimizers.Adam with a warm-up of its learning rate",
    "Yogi": "keras.optimizers.Adam with amsgrad=True, the nearest equivalent",
}
NAMES = tuple(PREFIX + name for name in REPLACEMENTS)


def optimizer(name: str, **arguments: Any) -> Any:
    """Returns an optimizer of Addons, with Adam inside Lookahead.

    Args:
        name: `addons:` and a key of `REPLACEMENTS`, such as `addons:LAMB`.
        **arguments: Arguments by their names in Keras. The optimizer ignores arguments
            that it does not have.

    Raises:
        ValueError: If the name is unknown, or Addons cannot be imported. The message
            then names the replacement.
    """
    check(name)
    kind = getattr(_import(name).optimizers, name.removeprefix(PREFIX))
    if name == PREFIX + "Lookahead":
        return kind(_adam(**arguments))
    known = inspect.signature(kind).parameters
    given = {_name(key, known): value for key, value in arguments.items()}
    return kind(**{key: value for key, value in given.items() if key in known})


def check(name: str) -> None:
    """Raises `ValueError` if a name is unknown, or Addons is not installed."""
    if name not in NAMES:
        raise _checks.unknown_name("optimizer", name, NAMES)
    if importlib.util.find_spec("tensorflow_addons") is None:
        raise _missing(name)


def _import(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Addons warns of the end of its development.
        try:
            import tensorflow_addons
        except ImportError as error:
            raise _missing(name) from error
    return tensorflow_addons


def _missing(name):
    return ValueError(
        "`optimizer` must be a Keras optimizer here: TensorFlow Addons is end-of-life "
        "and cannot be imported with this version of TensorFlow. Use "
        f"{REPLACEMENTS[name.removeprefix(PREFIX)]}. Received: optimizer={name!r}"
    )


def _adam(**arguments):
    import keras

    return keras.optimizers.legacy.Adam(**arguments)


def _name(key, known):
    """Returns the name of an argument, such as beta1 for Yogi's beta_1."""
    return key if key in known else key.replace("_", "")
