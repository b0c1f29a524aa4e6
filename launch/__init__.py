"""Runs in folders for any trainer, and the programs that train and judge GANs."""

import os
import signal
import sys

TYPE_CHECKING = False  # Importing it from `typing` would take longer than the rest.
_PROGRAMS = (
    "-m",
    "tfgan-train",
    "tfgan-sample",
    "tfgan-evaluate",
    "tfgan-compare",
    "tfgan-export",
    "tfgan-figures",
)


def _end_at_once(number, frame):
    """Ends a program with one line if Ctrl-C arrives before the program begins."""
    os.write(2, b"error: Interrupted.\n")
    os._exit(130)


if os.path.basename(sys.argv[0]) in _PROGRAMS:  # A program is about to be imported.
    signal.signal(signal.SIGINT, _end_at_once)

# TensorFlow reads both once, at its import. On many CPUs oneDNN is off by default, and
# steps take almost twice as long without it.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

if TYPE_CHECKING:
    from launch.run._run import Run as Run
    from launch.run._run_folder import RunFolder as RunFolder
else:

    def __getattr__(name):
        """Returns `Run` or `RunFolder`: `--help` must not wait for their TensorFlow."""
        if name == "Run":
            from launch.run._run import Run

            return Run
        if name == "RunFolder":
            from launch.run._run_folder import RunFolder

            return RunFolder
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
