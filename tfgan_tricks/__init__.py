"""Losses and tricks for training GANs with TensorFlow and Keras."""

import importlib

__version__ = "0.1.0"

_SUBPACKAGES = (
    "callbacks",
    "data",
    "export",
    "layers",
    "losses",
    "networks",
    "penalties",
)


def __getattr__(name):
    """Subpackages on first use: the launchers' help must not wait for TensorFlow."""
    if name in _SUBPACKAGES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
