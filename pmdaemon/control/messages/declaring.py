"""Apps: how they are declared to be, and what comes of it."""

from typing import Any, Literal, NotRequired, TypedDict

from pmdaemon.control.messages.processes import ProcessView


class StartBody(TypedDict):
    """`start`: bring up what is named, or what is declared.

    With `target`, names, ids and namespaces that exist come first; what is none of them is a
    program, declared by `options`. With `apps`, each entry is an app as an ecosystem file has it,
    with `declarations` an `AppSpec` in full; `source` is the file they came from. Relative paths
    are relative to `cwd`. `existing` says what happens to apps that are there already and run:
    `refuse`, `restart` or `reload` them with the new declaration, or `keep` them as they are. With
    `down`, what is not there yet is added to the list
    and not started. With `interpolate`, texts may hold `${VARIABLES}` of the environment;
    `env_name` is the name of the environment that was chosen by `--env`, `file` the path of the
    file, which the apps are remembered to have come from.
    """

    target: NotRequired[str]
    options: NotRequired[dict[str, Any]]
    apps: NotRequired[list[dict[str, Any]]]
    declarations: NotRequired[list[dict[str, Any]]]
    source: NotRequired[str]
    cwd: str
    environment: dict[str, str]
    existing: NotRequired[Literal["refuse", "restart", "reload", "keep"]]
    down: NotRequired[bool]
    file: NotRequired[str]
    interpolate: NotRequired[bool]
    env_name: NotRequired[str]


class AnewBody(TypedDict):
    """`restart`, `reload`: the processes meant, and what is declared otherwise from now on.

    `options` are fields of an app, as an ecosystem file has them. `environment` is there when it is
    to be inherited from now on. `parallel` is how many instances of an app are reloaded at a time.
    """

    selectors: list[str]
    options: NotRequired[dict[str, Any]]
    environment: NotRequired[dict[str, str]]
    parallel: NotRequired[int]


class ScaleBody(TypedDict):
    """`scale`: how many instances of an app there are to be, as `4`, `+2` or `-1`."""

    name: str
    count: str


class ApplyBody(TypedDict):
    """`apply`: bring what is there into line with the apps of a file, and touch nothing else.

    The keys are those of `start`. If the apps are the `whole` of `file`, as they are unless that is
    said, what came from it and is not in it any more is found, and with `prune` deleted. With
    `dry_run`, nothing is done.
    """

    apps: list[dict[str, Any]]
    source: str
    cwd: str
    environment: dict[str, str]
    file: NotRequired[str]
    interpolate: NotRequired[bool]
    env_name: NotRequired[str]
    whole: NotRequired[bool]
    prune: NotRequired[bool]
    dry_run: NotRequired[bool]


class ChangeView(TypedDict):
    """One field that differs, in the words of ecosystem files, without secrets.

    `before` and `after` are null where there is nothing.
    """

    field: str
    before: str | None
    after: str | None


class StepView(TypedDict):
    """What is, or would be, done about one app.

    `action` is `create`, `restart`, `reload`, `scale` (other instances stay as they are), `update`
    (noted, and nothing is started anew), `keep`, `delete`, or `leave`, for one that is not in its
    file.
    """

    name: str
    action: str
    changes: list[ChangeView]


class ApplyResult(TypedDict):
    """The result of `apply`: what was done about each app, and the processes this was about."""

    steps: list[StepView]
    processes: list[ProcessView]
    warnings: NotRequired[list[str]]
