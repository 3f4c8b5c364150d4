"""Descriptors with high numbers, as a program has that keeps many files open."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager

BEYOND_SELECT = 1024
"""The first number that select(2) does not take."""


@contextmanager
def room_beyond_select() -> Iterator[None]:
    """See that such numbers are allowed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2 * BEYOND_SELECT), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def moved_up(descriptor: int, number: int = BEYOND_SELECT) -> int:
    """Give a descriptor this number in place of its own."""
    os.dup2(descriptor, number, inheritable=False)
    os.close(descriptor)
    return number
