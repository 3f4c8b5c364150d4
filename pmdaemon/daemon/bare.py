"""What the keeper needs of `json`, `signal` and `socket`: the halves of these that are in C.

The modules that everybody imports wrap them in Python, and for that load `enum`, `re`, `functools`
and `collections`: a megabyte, in a process that is there for as long as programs run. So nothing
the keeper loads imports any of these, nor `contextlib`, nor `typing`; annotations are not
evaluated. A Python without such halves gives us the whole modules.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    import socket
    from collections.abc import Callable, Iterable
    from typing import Any

    _encode: Callable[[object, int], Iterable[str]]
    _scan: Callable[[str, int], tuple[Any, int]]
else:
    try:
        import _signal as signal
        import _socket as socket
    except ImportError:
        import signal
        import socket

    class _Plain:
        """JSON as it is: what `json.loads` tells its half in C when nothing is asked for."""

        strict = True
        object_hook = object_pairs_hook = None
        parse_int = int
        parse_float = parse_constant = float

    try:
        from _json import encode_basestring_ascii, make_encoder, make_scanner

        _encode = make_encoder(
            markers=None,
            default=None,
            encoder=encode_basestring_ascii,
            indent=None,
            key_separator=":",
            item_separator=",",
            sort_keys=False,
            skipkeys=False,
            allow_nan=True,
        )
        _scan = make_scanner(_Plain)
    except (AttributeError, ImportError, TypeError):  # or made in another way than we know
        import json

        _encode = json.JSONEncoder().iterencode
        _scan = json.JSONDecoder().scan_once

__all__ = ["decoded", "encoded", "signal", "socket"]


def encoded(value: object) -> bytes:
    """Write JSON, in ASCII."""
    return "".join(_encode(value, 0)).encode("ascii")


def decoded(text: bytes) -> Any:  # noqa: ANN401 - as json.loads
    """Read JSON that has no blanks around it.

    Raises:
        ValueError: it is none.
        RecursionError: it is nested too deep.

    """
    whole = text.decode("ascii")
    try:
        value, end = _scan(whole, 0)
    except StopIteration:
        raise ValueError("expected JSON, got nothing of it") from None
    if end != len(whole):
        raise ValueError("expected one JSON value, got more")
    return value
