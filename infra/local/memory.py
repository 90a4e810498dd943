"""How much memory a process and all that it started take, pages shared between them once."""

import ctypes
import sys
from pathlib import Path

M_ARENA_MAX = -8  # from <malloc.h>
ARENAS = 2
PROC = Path("/proc")
KIBIBYTE = 1024


def share_arenas() -> None:
    """Let all threads of this process allocate from two arenas (glibc only; elsewhere nothing).

    Else each of many threads gets an arena, which keeps what its largest request took. Children
    are told by their environment: see `account.plain_environment`.
    """
    if sys.platform.startswith("linux") and hasattr(libc := ctypes.CDLL(None), "mallopt"):
        libc.mallopt(M_ARENA_MAX, ARENAS)


def pss_bytes(pid: int) -> int | None:
    """Answer the proportional set size of a process and its descendants.

    None where the kernel does not tell (anything but Linux). The resident size would count what is
    shared many times over, and a child's peak (``ru_maxrss``) starts at its parent's.
    """
    if not (PROC / str(pid) / "smaps_rollup").exists():
        return None
    return sum(map(_pss, family(pid)))


def family(pid: int) -> tuple[int, ...]:
    """Answer a process and its descendants, whatever their sessions and groups."""
    children: dict[int, list[int]] = {}
    for folder in PROC.glob("[0-9]*"):
        if (parent := _parent(folder)) is not None:
            children.setdefault(parent, []).append(int(folder.name))
    found = [pid]
    for member in found:  # grows while it is walked
        found += children.get(member, [])
    return tuple(found)


def _parent(folder: Path) -> int | None:
    try:
        return int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return None  # it has just ended


def _pss(pid: int) -> int:
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0  # it has just ended
    return sum(int(line.split()[1]) * KIBIBYTE for line in lines if line.startswith("Pss:"))
