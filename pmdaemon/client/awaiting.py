"""Makes the verbs of the clients that block into verbs to be awaited."""

from collections.abc import Awaitable, Callable, Coroutine
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, cast

from pmdaemon.client.calls import Call

P = ParamSpec("P")
T = TypeVar("T")


class Do(Protocol):
    """Does one call."""

    def __call__(self, call: Call[T], /) -> T:
        """Ask, and read the answer."""


class AsyncDo(Protocol):
    """Does one call, and is awaited."""

    def __call__(self, call: Call[T], /) -> Awaitable[T]:
        """Ask, and read the answer."""


def awaited(
    verb: Callable[Concatenate[Any, P], T],
) -> Callable[Concatenate[Any, P], Coroutine[Any, Any, T]]:
    """Take over a verb of a client that blocks, with its arguments, result and documentation.

    Such a verb words a call and returns what `_do` makes of it. Where `_do` is a coroutine, that is
    a coroutine as well, and nothing else differs.
    """

    @wraps(verb)
    async def asked(client: Any, /, *args: P.args, **kwargs: P.kwargs) -> T:  # noqa: ANN401 - either client
        return await cast("Awaitable[T]", verb(client, *args, **kwargs))

    return asked
