"""Limits of our own, for as long as a context lasts (getrlimit(2))."""

import os
import resource
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager


@contextmanager
def limited(what: int, soft: int) -> Iterator[None]:
    """Have this limit, and give it to what is started."""
    before = resource.getrlimit(what)
    resource.setrlimit(what, (soft, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(what, before)


def no_descriptor_free() -> AbstractContextManager[None]:
    """Let nothing more be opened."""
    lowest_free = os.dup(0)
    os.close(lowest_free)
    return limited(resource.RLIMIT_NOFILE, lowest_free)
