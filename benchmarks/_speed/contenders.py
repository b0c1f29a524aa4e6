"""The contenders that train a workload, a row each."""

import importlib
from collections.abc import Callable
from typing import Any
from typing import NamedTuple


class Running(NamedTuple):
    """A contender that is ready to train.

    Attributes:
        parameters: Number of trainable weights of both networks.
        run: Trains for a number of steps after some that are not timed, and returns
            the seconds. Training for 0 steps compiles the step.
    """

    parameters: int
    run: Callable[[int], float]


class Contender(NamedTuple):
    """A way to train a workload.

    Attributes:
        title: Its name for readers.
        module: Module of this package whose `start` makes it.
        options: Further arguments of `start`.
        engine: What its process imports, to choose a Python: "tensorflow", "torch" or
            "jax".
        is_for_tricks: `True` if it has the layers of this package.
        is_for_points: `True` if it trains on more than images.
        is_for_penalties: `True` if it has second derivatives.
        is_for_executions: `True` if it runs several steps in an execution.
        is_for_mixing: `True` if the discriminator may mix the examples of a batch.
    """

    title: str
    module: str
    options: dict[str, Any] = {}
    engine: str = "tensorflow"
    is_for_tricks: bool = False
    is_for_points: bool = True
    is_for_penalties: bool = True
    is_for_executions: bool = True
    is_for_mixing: bool = True

    def trains(self, workload):
        return (
            (self.is_for_tricks or not workload.needs_tricks)
            and (self.is_for_points or workload.is_of_images)
            and (self.is_for_penalties or not workload.penalties)
            and (self.is_for_executions or workload.steps_per_execution == 1)
            and (self.is_for_mixing or not workload.mixes_examples)
        )

    def start(self, workload):
        module = importlib.import_module(f"benchmarks._speed.{self.module}")
        return module.start(workload, **self.options)


def ours(title, **options):
    return Contender(title, "ours", options, is_for_tricks=True)


def torch(title, **options):
    return Contender(title, "torch_loop", options, engine="torch")


CHANNELS_LAST = {"channels_last": True}
ROWS = {
    "fit": ours("`fit`"),
    "step": ours("bare step", is_bare=True)._replace(is_for_executions=False),
    "fit_simultaneous": ours("`fit`, simultaneous", schedule="simultaneous")._replace(
        is_for_mixing=False
    ),
    "fit_xla": ours("`fit`, XLA", jit_compile=True),
    "pipeline": Contender("data alone", "pipeline", is_for_tricks=True),
    "keras": Contender("plain Keras loop", "keras_loop"),
    "keras_no_xla": Contender(
        "plain Keras loop, no XLA", "keras_loop", {"jit_compile": False}
    ),
    "torch": torch("PyTorch"),
    "torch_channels_last": torch("PyTorch, channels last", **CHANNELS_LAST)._replace(
        is_for_points=False
    ),
    "torch_compile": torch(
        "PyTorch, compiled", is_compiled=True, **CHANNELS_LAST
    )._replace(is_for_penalties=False),
    "jax": Contender("JAX, jit", "jax_loop", engine="jax"),
}
