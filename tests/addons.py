"""TensorFlow Addons, where it can be imported."""

import warnings

import pytest

from tfgan_tricks import _compat


def imported():
    """Returns the module, or skips the test on current TensorFlow."""
    if _compat.KERAS_3:
        pytest.skip("TensorFlow Addons cannot be imported with Keras 3")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import tensorflow_addons
    return tensorflow_addons


skip_if_missing = pytest.mark.skipif(
    _compat.KERAS_3, reason="TensorFlow Addons cannot be imported with Keras 3"
)
