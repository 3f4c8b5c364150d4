"""Keeps modules out of a daemon that libraries load only because they exist.

asyncio imports `ssl` wherever there is one, and with it 4 MB of OpenSSL that a daemon without a web
side never uses. It works as well on a Python that was built without TLS, so that is what it is
shown at first; `restore_tls` makes up for it when the web side is turned on. msgspec asks
`typing_extensions` for what each Python that we run on has itself. `pathlib` imports `urllib.parse`
for the one method that makes a URL of a path.

Others are imported by whoever may need something of them some day, and are loaded then: `LATER`.
"""

import importlib
import sys
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from threading import RLock
from types import ModuleType

LATER = (
    *("base64", "inspect", "ipaddress", "locale", "shlex", "textwrap", "urllib.parse"),
    *("asyncio.sslproto", "msgspec.inspect"),
)
"""What asyncio (`inspect`, with `ast` and `dis`), subprocess, traceback, msgspec and we import."""

_waiting: set[str] = set()
_loading = RLock()


class _Later(ModuleType):
    """A module that is executed when something of it is asked for, in whatever thread."""

    def __getattr__(self, name: str) -> object:
        with _loading:
            if self.__name__ in _waiting and self.__spec__ and self.__spec__.loader:
                _waiting.discard(self.__name__)
                try:
                    self.__spec__.loader.exec_module(self)
                except BaseException:
                    _waiting.add(self.__name__)  # there may be a descriptor for its file later on
                    raise
        if name in self.__dict__:
            return self.__dict__[name]
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")


def load_later() -> None:
    """Have `LATER` loaded by those who use them; to be called before anybody imports them."""
    for name in LATER:
        package = find_spec(name.partition(".")[0])  # of the outermost, as this imports the others
        within = package.submodule_search_locations if package and "." in name else None
        spec = PathFinder.find_spec(name, within)
        if spec is not None and name not in sys.modules:
            module = module_from_spec(spec)
            module.__class__ = _Later
            _waiting.add(name)
            sys.modules[name] = module


def load_asyncio_without_tls() -> None:
    """Import asyncio as if this Python had no `ssl`; to be called before anybody imports it."""
    _load("asyncio", without="ssl")


def load_msgspec_alone() -> None:
    """Import msgspec as if there was no `typing_extensions`; to be called as early."""
    _load("msgspec", without="typing_extensions")


def load_pathlib_without_urls() -> None:
    """Import pathlib with a stand-in for what it asks `urllib.parse` for; to be called as early."""
    if "pathlib" in sys.modules or "urllib.parse" in sys.modules:
        return
    stand_in = ModuleType("urllib.parse")
    stand_in.__dict__["quote_from_bytes"] = _quote_from_bytes
    sys.modules["urllib.parse"] = stand_in
    try:
        importlib.import_module("pathlib")
    finally:
        del sys.modules["urllib.parse"]


def _quote_from_bytes(path: bytes) -> str:
    quoted: str = importlib.import_module("urllib.parse").quote_from_bytes(path)
    return quoted


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
