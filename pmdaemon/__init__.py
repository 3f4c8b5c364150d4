"""Keeps programs running.

`Client` and `AsyncClient` are the API for programs in Python; see docs/python-api.md. They are
loaded when they are first used: the daemon and its keeper never use them.
"""

TYPE_CHECKING = False  # `typing` costs the keeper more memory than this line
if TYPE_CHECKING:
    from pmdaemon.client.asynchronous import AsyncClient as AsyncClient
    from pmdaemon.client.blocking import Client as Client
    from pmdaemon.core.errors import PmdaemonError as PmdaemonError

__version__ = "0.1.0"

__all__ = ["AsyncClient", "Client", "PmdaemonError", "__version__"]

KEEPER_COMMAND = ("-P", "-c", "from pmdaemon.daemon import keep; keep()")
"""What a Python is told that is to keep a home; `-m` would load what stays in memory for nothing.

With -P a `json.py` in the current folder does not become the daemon's.
"""

_PLACES = {
    "AsyncClient": "pmdaemon.client.asynchronous",
    "Client": "pmdaemon.client.blocking",
    "PmdaemonError": "pmdaemon.core.errors",
}


def __getattr__(name: str) -> object:
    if (place := _PLACES.get(name)) is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - as above

    return getattr(import_module(place), name)
