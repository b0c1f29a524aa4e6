"""Runs in folders for any trainer, and the programs: train, sample and export GANs."""

import os
from typing import TYPE_CHECKING
from typing import Any

# Both are read once, when TensorFlow is imported. On many CPUs oneDNN is off unless
# asked for, and steps take almost twice as long.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

if TYPE_CHECKING:
    from launch.run._run import Run as Run
    from launch.run._run_folder import RunFolder as RunFolder
else:

    def __getattr__(name: str) -> Any:
        """`Run` and `RunFolder` on first use: `--help` must not wait for TensorFlow."""
        if name == "Run":
            from launch.run._run import Run

            return Run
        if name == "RunFolder":
            from launch.run._run_folder import RunFolder

            return RunFolder
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
