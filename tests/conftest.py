"""Signals and TensorFlow's logs for all tests as for a program in the foreground."""

import os
import signal

# Programs leave the level to users who set it; the tests count the lines of one who
# does not. At once, since `launch` sets it when a test or another conftest imports it.
os.environ.pop("TF_CPP_MIN_LOG_LEVEL", None)


def pytest_configure():
    # A shell starts jobs in the background with SIGINT ignored, and programs that the
    # tests start would inherit that.
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
