"""The axis of the features."""

from collections.abc import Sized

import keras

from tfgan_tricks import _checks

_FORMATS = ("channels_first", "channels_last")


def get(data_format: str | None) -> str:
    """Checks a data format; `None` means the setting of Keras."""
    if data_format is None:
        return keras.backend.image_data_format()
    if data_format not in _FORMATS:
        raise _checks.unknown_name("data_format", data_format, _FORMATS)
    return data_format


def axis(data_format: str, shape: Sized) -> int:
    """Returns the axis of the features in inputs of a shape."""
    return 1 if data_format == "channels_first" else len(shape) - 1
