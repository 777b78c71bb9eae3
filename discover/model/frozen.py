"""Frozen dataclasses for what is made thousands of times a second.

The interpreter's own take five times as long to make: each field goes through
`object.__setattr__`. Of these nobody sets a field either, but it is the type checker that holds it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass as quick
else:
    from dataclasses import dataclass

    def quick(*, frozen: bool, slots: bool):  # noqa: ANN201 -- the checker never sees it
        assert frozen
        return dataclass(slots=slots, unsafe_hash=True)


__all__ = ["quick"]
