"""Graph functions that accept numbers of any type without retracing for each."""

import inspect
import itertools
from collections.abc import Callable
from typing import Any
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tfgan_tricks import _limits

_WIDER = {tf.int32: tf.int64, tf.float32: tf.float64}


class Argument(NamedTuple):
    """An argument of a graph function, of type int32 or float32, optionally bounded.

    `bytes_each` is the memory for each counted item, or for each element of an array.
    """

    name: str
    dtype: tf.DType
    shape: list[int | None]
    least: int | None = None
    most: int | None = None
    bytes_each: int = 0

    def of_type(self, dtype: tf.DType) -> tf.TensorSpec:
        return tf.TensorSpec(self.shape, dtype, self.name)

    def checked(self, value: Any) -> tf.Tensor:
        """Returns a number, array or tensor as int64 or float32.

        Args:
            value: Number, array or tensor of any integer or floating-point type.

        Raises:
            ValueError: If the value has another kind or shape, or is out of bounds.
        """
        is_integer, name = self.dtype.is_integer, self.name
        try:
            tensor = tf.convert_to_tensor(
                value if tf.is_tensor(value) else np.asarray(value)
            )
        except (OverflowError, TypeError, ValueError) as error:  # More than 64 bits.
            raise ValueError(
                f"`{name}` must be numbers of at most 64 bits. "
                f"Received: {name}={value!r}"
            ) from error
        is_number = tensor.dtype.is_floating and not is_integer
        if not (is_number or tensor.dtype.is_integer):
            kind = "integers" if is_integer else "numbers"
            raise ValueError(f"`{name}` must be {kind}. Received: {name}={value}")
        if not tensor.shape.is_compatible_with(self.shape):
            raise ValueError(
                f"`{name}` must be of shape {tuple(self.shape)}. "
                f"Received: {name}.shape={tuple(tensor.shape)}"
            )
        if self.least is not None and not tf.is_symbolic_tensor(tensor):
            self._check_bounds(tensor.numpy())
            self._check_memory(tensor.numpy())
        return tf.cast(tensor, tf.int64 if is_integer else self.dtype)

    def _check_bounds(self, value):
        most = np.inf if self.most is None else self.most
        if np.any((value < self.least) | (value > most)):
            upwards = self.most is None
            bounds = f"{self.least} {'or more' if upwards else f'to {most}'}"
            raise ValueError(
                f"`{self.name}` must be {bounds}. Received: {self.name}={value}"
            )

    def _check_memory(self, value):
        name, count = f"len({self.name})", value.size
        if not self.shape:
            name, count = self.name, int(value)
        _limits.check_memory(self.bytes_each * count, **{name: count})


class Function:
    """A function in a graph, called on numbers, arrays or tensors.

    Args:
        function: Function of tensors that accepts each argument in its stated type and
            with 64 bits.
        *arguments: Arguments of the function.
    """

    def __init__(self, function: Callable[..., Any], *arguments: Argument):
        self.function = tf.function(function, autograph=False)
        self.arguments = arguments
        self._signature = inspect.signature(function)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        given = self._signature.bind(*args, **kwargs).arguments
        tensors = [one.checked(given[one.name]) for one in self.arguments]
        return self._traced([tensor.dtype for tensor in tensors])(*tensors)

    def traced(self) -> Any:
        """Returns the graph for 32 bits, after tracing a graph for each type."""
        types = [(_WIDER[one.dtype], one.dtype) for one in self.arguments]
        return [self._traced(dtypes) for dtypes in itertools.product(*types)][-1]

    def _traced(self, dtypes):
        pairs = zip(self.arguments, dtypes, strict=True)
        specs = [argument.of_type(dtype) for argument, dtype in pairs]
        return self.function.get_concrete_function(*specs)
