"""Descriptors with high numbers, as a program has that keeps many files open."""

import os
import resource
from contextlib import AbstractContextManager

from tests.support.limits import limited

BEYOND_SELECT = 1024
"""The first number that select(2) does not take."""


def room_beyond_select() -> AbstractContextManager[None]:
    """See that such numbers are allowed."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return limited(resource.RLIMIT_NOFILE, max(soft, 2 * BEYOND_SELECT))


def moved_up(descriptor: int, number: int = BEYOND_SELECT) -> int:
    """Give a descriptor this number in place of its own."""
    os.dup2(descriptor, number, inheritable=False)
    os.close(descriptor)
    return number
