"""The command `waypost`: the composition root, and the one place that may import everything.

Exit codes: 0 done, 1 the answer is no (nothing found, not listed, differences), 2 wrong input,
3 something needed is not available (database, search engine, network port).
"""

from __future__ import annotations

from discover.cli.main import main

__all__ = ["main"]
