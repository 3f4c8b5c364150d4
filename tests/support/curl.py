"""curl, as the documentation has people use it."""

import json
import subprocess
from typing import Any

from tests.support.cli import PATIENCE
from tests.support.machine import installed


def curl(*arguments: str) -> tuple[int, Any]:
    """Ask for JSON; return the status and the value."""
    body, _, status = fetch("-w", "\n%{http_code}", *arguments).rpartition("\n")
    return int(status), json.loads(body)


def fetch(*arguments: str) -> str:
    """Run curl, which is to succeed, and return what it prints."""
    return subprocess.run(
        [installed("curl"), "-sS", *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    ).stdout
