"""Tie this process to its parent's life, then become the given program.

``python -I -S tether.py <parent's pid> <program> [argument …]``. A program of its own rather than
``preexec_fn``, which is not safe between fork and exec in a parent with many threads. Where the
kernel knows no parent-death signal (anything but Linux) it only becomes the program: there
`processes` takes the children along when the parent ends.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # from <sys/prctl.h>
PROGRAM_NOT_STARTED = 127  # what shells answer


def tie(parent: int) -> None:
    """Ask the kernel to kill this process when ``parent`` ends; exit if it has ended."""
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(PROGRAM_NOT_STARTED)


def main(parent: str, *command: str) -> None:
    """Tie, and become ``command``."""
    tie(int(parent))
    try:
        os.execvp(command[0], command)  # noqa: S606  # becoming the given program is what this file is for
    except OSError as error:
        sys.exit(f"cannot start {command[0]}: {error.strerror}")


if __name__ == "__main__":
    main(*sys.argv[1:])
