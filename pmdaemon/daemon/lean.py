"""Keeps OpenSSL out of a daemon that does not need it.

asyncio imports `ssl` wherever there is one, and with it 4 MB of OpenSSL that a daemon without a web
side never uses. It works as well on a Python that was built without TLS, so that is what it is
shown at first; `restore_tls` makes up for it when the web side is turned on.
"""

import importlib
import sys


def load_asyncio_without_tls() -> None:
    """Import asyncio as if this Python had no `ssl`; to be called before anybody imports it."""
    if "asyncio" in sys.modules or "ssl" in sys.modules:
        return
    sys.modules["ssl"] = None  # type: ignore[assignment] # makes the import fail, as documented
    try:
        importlib.import_module("asyncio")
    finally:
        del sys.modules["ssl"]


def restore_tls() -> None:
    """Give asyncio its TLS back."""
    ssl = importlib.import_module("ssl")
    for name in ("asyncio.base_events", "asyncio.selector_events"):
        setattr(importlib.import_module(name), "ssl", ssl)  # noqa: B010 - it has no such attribute
    sslproto = importlib.import_module("asyncio.sslproto")
    if getattr(sslproto, "ssl", None) is None:
        importlib.reload(sslproto)
