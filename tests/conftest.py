"""Signals for all tests as for a program in the foreground."""

import signal


def pytest_configure():
    # A shell starts jobs in the background with SIGINT ignored, and programs that the
    # tests start would inherit that.
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
