"""Serialization of a trainer's parts for `.keras` files."""

from typing import Any

import keras

of = keras.saving.serialize_keras_object


def restored(config: Any, custom_objects: Any = None) -> Any:
    """Returns the object that `of` has serialized."""
    return keras.saving.deserialize_keras_object(config, custom_objects=custom_objects)


def of_optimizer(optimizer: Any) -> Any:
    """Serializes an optimizer, unless Keras 2 would save it without its state."""
    if not hasattr(optimizer, "save_own_variables"):
        raise ValueError(
            "`optimizer` must be a Keras optimizer: a `.keras` file cannot store the "
            "state of a TensorFlow Addons optimizer, but checkpoints do. "
            f"Received: optimizer={type(optimizer).__name__}"
        )
    return of(optimizer)
