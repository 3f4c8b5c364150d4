"""Apps that run a module of ours: those that serve a folder, and those that wait for something."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pmdaemon

_ROOT = str(Path(pmdaemon.__file__).parent.parent)


def running(
    module: str, arguments: Sequence[str] = (), env: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Word the fields of an app that runs a module by this very Python."""
    return {
        "script": sys.executable,
        "args": ["-m", module, *arguments],
        "interpreter": "none",
        # It has to find this very package, also where that is not installed.
        "env": {"PYTHONPATH": _ROOT, **(env or {})},
    }
