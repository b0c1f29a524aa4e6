"""Losses and tricks for training GANs with TensorFlow and Keras."""

import importlib
from types import ModuleType
from typing import TYPE_CHECKING

__version__ = "0.1.0"

_MODULES = (
    "callbacks",
    "data",
    "export",
    "layers",
    "losses",
    "metrics",
    "networks",
    "penalties",
    "replica",
)

if TYPE_CHECKING:
    from tfgan_tricks import callbacks as callbacks
    from tfgan_tricks import data as data
    from tfgan_tricks import export as export
    from tfgan_tricks import layers as layers
    from tfgan_tricks import losses as losses
    from tfgan_tricks import metrics as metrics
    from tfgan_tricks import networks as networks
    from tfgan_tricks import penalties as penalties
    from tfgan_tricks import replica as replica
else:

    def __getattr__(name: str) -> ModuleType:
        """Imports modules on first use, so that `--help` need not wait for TensorFlow.

        Hidden from type checkers, which would otherwise accept every name.
        """
        if name in _MODULES:
            return importlib.import_module(f"{__name__}.{name}")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
