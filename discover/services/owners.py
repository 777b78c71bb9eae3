"""Names of the processes that hold leases, and whether such a process may still be alive.

A number alone does not name a process: in a container the next one gets the number of its dead
predecessor. So a name also says when its process was born, where the system tells that
(/proc/PID/stat, field 22: proc(5)), and something that only the process itself knows.
"""

from __future__ import annotations

import os
import secrets
import socket
from functools import lru_cache
from pathlib import Path


def own_name() -> str:
    """`MACHINE:PROCESS.BIRTH.SECRET:RANDOM`, the last part another one at each call."""
    return f"{socket.gethostname()}:{_own_process(os.getpid())}:{secrets.token_hex(4)}"


def may_be_alive(owner: str) -> bool:
    """False only for a process of this very machine that no longer runs."""
    machine, _, process = owner.rpartition(":")[0].rpartition(":")
    number, _, rest = process.partition(".")
    if machine != socket.gethostname() or not number.isdigit():
        return True
    if int(number) == os.getpid():
        return process == _own_process(os.getpid())
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's process: it lives
        pass
    born, now = rest.partition(".")[0], _born(int(number))
    return not (born and now) or born == now


@lru_cache(maxsize=1)  # by its number: a fork is another process
def _own_process(number: int) -> str:
    return f"{number}.{_born(number)}.{secrets.token_hex(4)}"


def _born(number: int) -> str:
    """In the system's ticks since it started; empty where it does not tell."""
    try:
        stat = Path(f"/proc/{number}/stat").read_text()
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]  # the name before it may hold anything
