"""What each verb asks of the daemon, and what it hands back: the same for both clients.

Nothing here talks to anybody. Results are the typed dictionaries of `control.messages`, as the
daemon words them and as `--json` prints them.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Generic, Literal, TypedDict, TypeVar

from pmdaemon.control.messages.daemon import HostResult, KillResult, PingResult, UpdateResult
from pmdaemon.control.messages.declaring import ApplyResult
from pmdaemon.control.messages.processes import Explanation, ProcessView, ReplyView, RunView
from pmdaemon.control.messages.web import TokenView, WebResult
from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.wording import why

T = TypeVar("T")

Existing = Literal["refuse", "restart", "reload", "keep"]
"""What becomes of an app that is up already when it is declared again."""

Processes = list[ProcessView]
Explanations = list[Explanation]
Runs = list[RunView]
Replies = list[ReplyView]

Tokens = list[TokenView]


_processes = itemgetter("processes")


class SaveResult(TypedDict):
    """Where the list was saved to, how many processes it has, and whether it was written."""

    path: str
    processes: int
    written: bool


class Call(Generic[T]):
    """A request: a verb, its body, and how its result is read."""

    __slots__ = ("body", "read", "verb")

    def __init__(
        self, verb: str, body: Mapping[str, object], read: Callable[[dict[str, Any]], T]
    ) -> None:
        self.verb = verb
        self.body = body
        self.read = read


def ping() -> Call[PingResult]:
    """Check that the daemon answers."""
    return Call("ping", {}, whole)


def host() -> Call[HostResult]:
    """Ask for what the machine has, and uses."""
    return Call("host", {}, whole)


def list_processes(selectors: Sequence[str | int], *, detail: bool) -> Call[Processes]:
    """Ask for processes, for all when none is selected."""
    body: dict[str, object] = {"selectors": _texts(selectors)} if selectors else {}
    if detail:
        body["detail"] = True
    return Call("list", body, _processes)


def start(
    target: str,
    *,
    cwd: str,
    environment: Mapping[str, str],
    existing: Existing,
    options: Mapping[str, object],
) -> Call[Processes]:
    """Ask for a program, or for what exists and is named so, to be brought up."""
    body = {
        "target": target,
        "cwd": cwd,
        "options": options,
        "existing": existing,
        "environment": environment,
    }
    return Call("start", body, _processes)


def start_apps(
    apps: Sequence[Mapping[str, object]],
    *,
    cwd: str,
    environment: Mapping[str, str],
    source: str,
    existing: Existing,
    down: bool,
    **more: object,
) -> Call[Processes]:
    """Ask for apps to be brought up as they are declared."""
    body: dict[str, object] = {
        "apps": apps,
        "source": source,
        "cwd": cwd,
        "existing": existing,
        "down": down,
        "environment": environment,
        **said(**more),
    }
    return Call("start", body, _processes)


def start_declarations(
    declarations: Sequence[Mapping[str, object]],
    *,
    environment: Mapping[str, str],
    source: str,
    existing: Existing,
    down: bool,
) -> Call[Processes]:
    """Ask for apps to be brought up that were declared in full before."""
    body: dict[str, object] = {
        "declarations": declarations,
        "source": source,
        "cwd": os.sep,
        "existing": existing,
        "down": down,
        "environment": environment,
    }
    return Call("start", body, _processes)


def apply(
    apps: Sequence[Mapping[str, object]],
    *,
    cwd: str,
    environment: Mapping[str, str],
    source: str,
    **more: object,
) -> Call[ApplyResult]:
    """Ask for what is there to be brought into line with apps as they are declared."""
    body: dict[str, object] = {
        "apps": apps,
        "source": source,
        "cwd": cwd,
        "environment": environment,
        **said(**more),
    }
    return Call("apply", body, whole)


def act(verb: str, selectors: Sequence[str | int]) -> Call[Processes]:
    """Ask for something to be done to the selected processes.

    Raises:
        InvalidInput: none is selected, which must not mean all.

    """
    return Call(verb, selection(selectors), _processes)


def anew(
    verb: str,
    selectors: Sequence[str | int],
    *,
    options: Mapping[str, object] | None,
    environment: Mapping[str, str] | None,
    **more: object,
) -> Call[Processes]:
    """Ask for processes to be started anew, declared otherwise where that is said.

    Raises:
        InvalidInput: none is selected.

    """
    body = {**selection(selectors), **more}
    if options:
        body["options"] = options
    if environment is not None:
        body["environment"] = environment
    return Call(verb, body, _processes)


def scale(name: str, count: str | int) -> Call[Processes]:
    """Ask for so many instances of an app."""
    return Call("scale", {"name": name, "count": str(count)}, _processes)


def send_signal(signal: str, selectors: Sequence[str | int]) -> Call[Processes]:
    """Ask for a signal to be sent.

    Raises:
        InvalidInput: no process is selected.

    """
    return Call("signal", {**selection(selectors), "signal": signal}, _processes)


def send_line(line: str, selectors: Sequence[str | int]) -> Call[Processes]:
    """Ask for a line to be written to standard inputs.

    Raises:
        InvalidInput: no process is selected.

    """
    return Call("send", {**selection(selectors), "line": line}, _processes)


def trigger(action: str, params: str | None, selectors: Sequence[str | int]) -> Call[Replies]:
    """Ask for an action of Node programs.

    Raises:
        InvalidInput: no process is selected.

    """
    body = {**selection(selectors), "action": action, **said(params=params)}
    return Call("trigger", body, itemgetter("replies"))


def explain(selectors: Sequence[str | int]) -> Call[Explanations]:
    """Ask why the selected processes are up, or are not.

    Raises:
        InvalidInput: none is selected.

    """
    return Call("explain", selection(selectors), itemgetter("explanations"))


def history(selectors: Sequence[str | int], *, limit: int) -> Call[Runs]:
    """Ask for the latest runs of jobs, of all when none is selected."""
    body: dict[str, object] = {"selectors": _texts(selectors)} if selectors else {}
    return Call("history", {**body, "limit": limit}, itemgetter("runs"))


def selection(selectors: Sequence[str | int]) -> dict[str, object]:
    """Word which processes are meant.

    Raises:
        InvalidInput: none is.

    """
    if not selectors:
        raise InvalidInput("say which processes: a name, an id, a namespace, or all")
    return {"selectors": _texts(selectors)}


def web(
    host: str, port: int, api_key: str | None, *, detach: bool, **more: object
) -> Call[WebResult]:
    """Ask for the web side to be turned on."""
    body = {"host": host, "port": port, "detach": detach, **more, **said(api_key=api_key)}
    return Call("web", body, whole)


def web_off() -> Call[str | None]:
    """Ask for the web side to be turned off; the result is where it was."""
    return Call("web_off", {}, itemgetter("url"))


def make_token(
    name: str | None,
    *,
    consumer: str | None,
    scopes: Sequence[str],
    expire_in: float | None,
) -> Call[TokenView]:
    """Ask for a key, or a token for a consumer."""
    body = said(name=name, consumer=consumer, expire_in=expire_in)
    return Call("token", {**body, "scopes": list(scopes)}, whole)


def list_tokens() -> Call[Tokens]:
    """Ask for what is known of all tokens."""
    return Call("tokens", {}, itemgetter("tokens"))


def rotate_token(name: str, *, overlap: float) -> Call[TokenView]:
    """Ask for a new token in place of one."""
    return Call("rotate", {"name": name, "overlap": overlap}, whole)


def rotate_secret(*, overlap: float) -> Call[float]:
    """Ask for JWTs to be signed anew, and for the time until which the others are good."""
    return Call("rotate_secret", {"overlap": overlap}, lambda result: float(result["until"]))


def revoke_token(name: str) -> Call[None]:
    """Ask for nobody to be let in by a token any more."""
    return Call("revoke", {"name": name}, nothing)


def kill() -> Call[KillResult]:
    """Ask for everything to be ended."""
    return Call("kill", {}, whole)


def update() -> Call[UpdateResult]:
    """Ask for the daemon to make way for a new one."""
    return Call("update", {}, whole)


def environment_of(views: Sequence[ProcessView]) -> dict[str, str]:
    """Put together what a process is started with: inherited, declared, and added by us.

    Raises:
        InvalidInput: these are processes of several apps, or of none.

    """
    if len({view["name"] for view in views}) != 1:
        raise InvalidInput(f"env shows one process, and this names {len(views)}: give an id")
    view = views[0]
    declaration = view["declaration"]
    return {**declaration["inherited_env"], **declaration["env"], **view["added_env"]}


def current_directory() -> str:
    """Return the directory that relative paths are meant from.

    Raises:
        InvalidInput: it was removed.

    """
    try:
        return os.getcwd()  # noqa: PTH109 - pathlib takes longer than asking the daemon
    except OSError as error:
        raise InvalidInput(f"cannot use the current directory: {why(error)}") from error


def said(**values: object) -> dict[str, object]:
    """Leave out what was not said."""
    return {key: value for key, value in values.items() if value is not None}


def nothing(_result: dict[str, Any]) -> None:
    """Read nothing from a result that has nothing in it."""


def whole(result: dict[str, Any]) -> Any:  # noqa: ANN401 - as the daemon types it
    """Read a result as it is."""
    return result


def _texts(selectors: Sequence[str | int]) -> list[str]:
    return [str(selector) for selector in selectors]
