"""One call of the command line of PM2: what was typed, the daemon, and what is shown after it."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path, PurePath
from typing import Any

from pmdaemon.cli.ecosystem_files import AppsOfFile, apps_of, is_file_of_apps, names_in
from pmdaemon.cli.listing import username
from pmdaemon.cli.pm2.places import Pm2Context
from pmdaemon.cli.pm2.table import blocks, table
from pmdaemon.cli.pm2.wording import Words
from pmdaemon.cli.pm2_options import Typed
from pmdaemon.client.blocking import Client
from pmdaemon.client.calls import Processes, current_directory
from pmdaemon.config.choosing import names_of, with_environment
from pmdaemon.config.package_versions import PackageVersions
from pmdaemon.config.pm2_shape import folder_of, path_of
from pmdaemon.core.errors import InvalidInput, PmdaemonError, ProcessNotFound
from pmdaemon.core.names import app_name


class Failed(PmdaemonError):
    """What PM2 ends a command with that went wrong."""

    code = "operation_failed"


_MERGING = frozenset({"mergelogs", "combinelogs"})

_FILES = frozenset(
    {"outfile", "out", "output", "outlog", "errorfile", "error", "err", "errfile", "errlog"}
)
"""PM2's names for files of the user's own."""


def name_of_line(script: str) -> str | None:
    """Name an app after its whole command line, as PM2 does: `npm run start`; None for a file."""
    if " " not in script:
        return None
    name = PurePath(PurePath(script).name).stem
    try:
        return app_name(name)
    except InvalidInput:
        return None


class Session:
    """What every command of PM2's has at hand."""

    def __init__(self, context: Pm2Context, typed: Typed) -> None:
        self.context = context
        self.words = Words(context)
        self.words.silent |= typed.given["silent"]
        context.plain |= typed.given["no_color"]
        self.named = typed.words[1:]
        self.fields = typed.fields
        self.given = typed.given
        self.args = typed.args
        self._paths: set[str] = set()
        self.started: list[str] = []

    @cached_property
    def client(self) -> Client:
        """The daemon, which is started where there is none."""
        self.context.settle()
        return self.context.client()

    def only_one(self) -> str:
        """Return the one word behind the command.

        Raises:
            Failed: there is none, or there are more.

        """
        if len(self.named) != 1:
            raise Failed("missing required argument: one name, id or file")
        return self.named[0]

    def found(self, selector: str) -> Processes:
        """List the processes that a selector means, which may be the path of their script.

        Raises:
            Failed: there is none.

        """
        try:
            return self.client.list(selector, detail=True)
        except ProcessNotFound as error:
            path = str(Path(current_directory(), selector))
            views = self.client.list(detail=True)
            if by_path := [view for view in views if path_of(view) == path]:
                self._paths.add(selector)
                return by_path
            raise Failed(f"Process or Namespace {selector} not found") from error

    def selectors(self, selector: str, found: Processes) -> list[str | int]:
        """Say to the daemon what was found: it knows nothing of paths."""
        return [*ids(found)] if selector in self._paths else [selector]

    def read(self, path: str) -> AppsOfFile:
        """Read a file of apps, with what PM2 would give each of them."""
        file = apps_of(
            path,
            self.context.environment,
            only=[name for name in (self.given["only"] or "").split(",") if name],
        )
        if (env_name := self.given["env_name"]) is not None:
            file = self._with_environment(file, path, env_name)
        for warning in file.warnings:
            self.words.note(warning)
        named = [{"name": name_of_line(str(app.get("script", ""))), **app} for app in file.apps]
        names = names_of(named, None)
        apps = [
            {**self.context.defaults(name), **self.merged(name, app), **app}
            for app, name in zip(named, names, strict=True)
        ]
        return file._replace(apps=apps)

    def merged(self, name: str, app: Mapping[str, object]) -> Mapping[str, object]:
        """Say what else an app needs whose instances write to the same files, as PM2 has it."""
        said = {key.replace("_", "").lower() for key, value in app.items() if value}
        several = app.get("instances") not in (None, 1, "1")
        if not several or not said & _MERGING or said & _FILES:
            return {}
        return self.context.merged_files(name)

    def names(self, selector: str) -> list[str]:
        """Name what is meant: the apps of a file, or the selector itself."""
        if is_file_of_apps(selector):
            only = [name for name in (self.given["only"] or "").split(",") if name]
            return names_in(selector, self.context.environment, only)
        return [selector]

    def show(self) -> None:
        """Draw the list, as it is after most commands; and keep PM2's file names right."""
        self.context.link()
        if self.words.silent:
            return
        print(self.list_drawn())

    def list_drawn(self) -> str:
        """Draw the list."""
        views = self.client.list(detail=True)
        versions, user = PackageVersions(), username()

        def about(view: Mapping[str, Any]) -> tuple[str, str]:
            return versions.of(folder_of(view)), view["declaration"]["run_as"]["user"] or user

        if self.given["mini_list"]:
            return blocks(views, about=about, places=self.context.places)
        return table(views, self.context.terminal, about=about)

    def _with_environment(self, file: AppsOfFile, path: str, env_name: str) -> AppsOfFile:
        apps, unknown = with_environment(file.apps, env_name, path)
        warnings = [f"Environment [{env_name}] is not defined in process file"] if unknown else []
        how = {**file.how, "env_name": env_name}
        return AppsOfFile(apps, how, (*file.warnings, *warnings))


Command = Callable[[Session], int | None]
"""Carries out a command; the status is 0 if it says nothing else."""


def ids(views: Sequence[Mapping[str, Any]]) -> list[int]:
    """List the ids of processes."""
    return [view["pm_id"] for view in views]
