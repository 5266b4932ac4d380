"""What processes take, and their end, as Linux tells of them in /proc."""

import os
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")
_LOOK_S = 1.0  # between two looks at whether our parent is there


def below(pid: int) -> list[int]:
    """The processes that one has started, and those have, parents first."""
    found, open_ = list[int](), [pid]
    while open_:
        children = _children(open_.pop())
        found += children
        open_ += children
    return found


def _children(pid: int) -> list[int]:
    """Those of all its threads; of a process that is gone, or a thread, none."""
    found: list[int] = []
    with suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with suppress(OSError):
                words = Path(f"/proc/{pid}/task/{thread}/children").read_text()
                found += map(int, words.split())
    return found


def processor_seconds(pid: int) -> float:
    """User and system time, that of its children that are gone included; 0 where it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / _TICKS


def private_bytes(pid: int) -> int:
    """Resident memory that is not shared, 0 of a process that is gone."""
    try:
        _, resident, shared, *_ = Path(f"/proc/{pid}/statm").read_text().split()
    except (OSError, ValueError):
        return 0
    return (int(resident) - int(shared)) * _PAGE_BYTES


def kill_all(pid: int) -> None:
    """Kills a process and all that it started: a browser is in a session of its own."""
    for each in (*below(pid), pid):
        with suppress(ProcessLookupError):
            os.kill(each, signal.SIGKILL)


def die_with_parent() -> None:
    """From now on, ends this process and all that it starts when its parent is gone."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK_S)
        kill_all(os.getpid())

    threading.Thread(target=watch, daemon=True).start()
