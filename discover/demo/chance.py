"""Chance that repeats: every draw is a function of the seed and the names of what is drawn."""

from __future__ import annotations

from random import Random

_MASK = (1 << 64) - 1


def mix(*numbers: int) -> int:
    """64 well-stirred bits (the finaliser of splitmix64 over each number in turn)."""
    state = 0x9E3779B97F4A7C15
    for number in numbers:
        state = (state + (number & _MASK) + 0x9E3779B97F4A7C15) & _MASK
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _MASK
        state ^= state >> 31
    return state


def dice(*numbers: int) -> Random:
    """A generator for one thing, named by numbers."""
    return Random(mix(*numbers) & 0xFFFFFFFF)
