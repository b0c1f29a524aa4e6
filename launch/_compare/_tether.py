"""Becomes another program, which ends when this process's parent does.

    python -m launch._compare._tether PARENT COMMAND ...

PARENT is the process ID of the parent. If it is killed, the kernel of Linux sends
SIGTERM to the command. Other systems do not.
"""

import ctypes
import os
import signal
import sys

_SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG.


def main():
    """Runs the module."""
    parent, *command = sys.argv[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)
        if os.getppid() != int(parent):  # It has ended already.
            sys.exit(128 + signal.SIGTERM)
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
