"""Keeps out of a daemon what libraries load only because it is there.

asyncio imports `ssl` wherever there is one, and with it 4 MB of OpenSSL that a daemon without a web
side never uses. It works as well on a Python that was built without TLS, so that is what it is
shown at first; `restore_tls` makes up for it when the web side is turned on. msgspec asks
`typing_extensions` for what each Python that we run on has itself.
"""

import importlib
import sys


def load_asyncio_without_tls() -> None:
    """Import asyncio as if this Python had no `ssl`; to be called before anybody imports it."""
    _load("asyncio", without="ssl")


def load_msgspec_alone() -> None:
    """Import msgspec as if there was no `typing_extensions`; to be called as early."""
    _load("msgspec", without="typing_extensions")


def _load(library: str, *, without: str) -> None:
    if library in sys.modules or without in sys.modules:
        return
    sys.modules[without] = None  # type: ignore[assignment] # makes the import fail, as documented
    try:
        importlib.import_module(library)
    finally:
        del sys.modules[without]


def restore_tls() -> None:
    """Give asyncio its TLS back."""
    ssl = importlib.import_module("ssl")
    for name in ("asyncio.base_events", "asyncio.selector_events"):
        setattr(importlib.import_module(name), "ssl", ssl)  # noqa: B010 - it has no such attribute
    sslproto = importlib.import_module("asyncio.sslproto")
    if getattr(sslproto, "ssl", None) is None:
        importlib.reload(sslproto)
