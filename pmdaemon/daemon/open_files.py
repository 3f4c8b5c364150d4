"""How many files we may have open: two or three for each process that runs."""

import resource

OPEN_FILES = 65536
"""How many descriptors keeper and daemon ask for."""


def raise_limit() -> tuple[int, int]:
    """Allow ourselves as many as we may need; return the limits of before, soft and hard."""
    before = soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        limit((wanted, hard))
    return before


def limit(limits: tuple[int, int]) -> None:
    """Set these limits, soft and hard, where that may be."""
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    except (OSError, ValueError):
        return
