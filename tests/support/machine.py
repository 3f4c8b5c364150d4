"""What a machine has, or a test does without."""

import shutil

import pytest


def find(name: str) -> str | None:
    """Find a program, also one that only root has on its path."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")


def installed(name: str) -> str:
    """Find a program; a test that needs one that is not there is skipped."""
    found = find(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def needs(*names: str) -> pytest.MarkDecorator:
    """Mark a test that is skipped where one of these programs is not there."""
    missing = [name for name in names if find(name) is None]
    return pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}")
