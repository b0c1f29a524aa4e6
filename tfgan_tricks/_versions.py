"""Versions of this package, TensorFlow and Keras."""

import keras
import tensorflow as tf

import tfgan_tricks


def current() -> dict[str, str]:
    """Returns the versions, by package."""
    return {
        "tfgan_tricks": tfgan_tricks.__version__,
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
    }
