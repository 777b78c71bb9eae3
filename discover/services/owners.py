"""Names of the processes that hold leases, and whether such a process may still be alive."""

from __future__ import annotations

import os
import secrets
import socket


def own_name() -> str:
    """`MACHINE:PROCESS:RANDOM`, another one at each call."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


def may_be_alive(owner: str) -> bool:
    """False only for a process of this very machine that no longer runs."""
    machine, _, rest = owner.rpartition(":")[0].rpartition(":")
    if machine != socket.gethostname() or not rest.isdigit():
        return True
    try:
        os.kill(int(rest), 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
