"""Makes the verbs of the clients that block into verbs to be awaited."""

from collections.abc import Awaitable, Callable, Coroutine
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

P = ParamSpec("P")
T = TypeVar("T")


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
