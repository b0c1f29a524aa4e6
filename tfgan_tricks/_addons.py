"""Optimizers of TensorFlow Addons by name, on the stack that can import it."""

import importlib.util
import inspect
import warnings
from typing import Any

from tfgan_tricks import _checks

PREFIX = "addons:"

# Those that need no argument but a learning rate, and what to use without Addons.
REPLACEMENTS = {
    "AdaBelief": "keras.optimizers.Adam, the nearest there is",
    "LAMB": "keras.optimizers.Lamb, the same",
    "LazyAdam": "keras.optimizers.Adam, the same for dense gradients",
    "Lookahead": "keras.optimizers.Adam and the trainer's ema_decay",
    "NovoGrad": "keras.optimizers.Adam with clipnorm=1.0, the nearest there is",
    "ProximalAdagrad": "keras.optimizers.Adagrad, the same without regularization",
    "RectifiedAdam": "keras.optimizers.Adam with a warm-up of its learning rate",
    "Yogi": "keras.optimizers.Adam with amsgrad=True, the nearest there is",
}
NAMES = tuple(PREFIX + name for name in REPLACEMENTS)


def optimizer(name: str, **arguments: Any) -> Any:
    """The optimizer `addons:NAME`, or for Lookahead that over Adam.

    Args:
        name: a str, `addons:` and a key of `REPLACEMENTS`.
        **arguments: by their names in Keras; those that it does not have are ignored.

    Raises:
        ValueError: if there is no such optimizer, or no Addons, and then with what to
            use instead.
    """
    check(name)
    kind = getattr(_import(name).optimizers, name.removeprefix(PREFIX))
    if name == PREFIX + "Lookahead":
        return kind(_adam(**arguments))
    known = inspect.signature(kind).parameters
    given = {_name(key, known): value for key, value in arguments.items()}
    return kind(**{key: value for key, value in given.items() if key in known})


def check(name: str) -> None:
    """Raises `ValueError` for what is no name of an optimizer here, or no Addons."""
    if name not in NAMES:
        raise _checks.unknown_name("optimizer", name, NAMES)
    if importlib.util.find_spec("tensorflow_addons") is None:
        raise _missing(name)


def _import(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # It says that it is no longer developed.
        try:
            import tensorflow_addons
        except ImportError as error:
            raise _missing(name) from error
    return tensorflow_addons


def _missing(name):
    return ValueError(
        "`optimizer` must not be one of TensorFlow Addons here: Addons is end-of-life "
        "and cannot be imported with this TensorFlow. Use "
        f"{REPLACEMENTS[name.removeprefix(PREFIX)]}. Received: optimizer={name!r}"
    )


def _adam(**arguments):
    import keras

    return keras.optimizers.legacy.Adam(**arguments)


def _name(key, known):
    """The name of an argument; Yogi's are beta1 and beta2."""
    return key if key in known else key.replace("_", "")
