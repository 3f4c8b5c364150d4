"""Chance that can be repeated: PMDAEMON_CHAOS_SEED=123 makes every test draw the same again."""

import os
import random
import secrets
import threading


def a_seed() -> int:
    """Choose a seed, and print it, so that it stands in the report of a failed test."""
    seed = int(os.environ.get("PMDAEMON_CHAOS_SEED") or secrets.randbelow(1_000_000))
    print(f"PMDAEMON_CHAOS_SEED={seed}")  # noqa: T201 - pytest shows it where the test fails
    return seed


def pass_a_while(rng: random.Random, most: float) -> None:
    """Let up to `most` seconds go by: a moment is chosen here, nothing is waited for."""
    threading.Event().wait(rng.random() * most)
