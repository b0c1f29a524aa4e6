"""The base of layers whose statistics need more than half precision."""

from typing import Any

import keras


class Float32Layer(keras.layers.Layer):
    """A layer that computes in float32 under any dtype policy.

    It accepts no argument `dtype`.
    """

    def __init__(self, **kwargs: Any):
        super().__init__(dtype="float32", **kwargs)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["dtype"]
        return config
