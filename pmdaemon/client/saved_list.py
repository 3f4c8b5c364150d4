"""The saved list: what `save` writes, and `resurrect` brings back."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from pmdaemon.client import dump_file
from pmdaemon.client.calls import Existing, Processes, SaveResult
from pmdaemon.config.paths import Home
from pmdaemon.config.pm2_dump import Entry, app_of, by_name, declaration_of, was_up
from pmdaemon.config.pm2_shape import dumped
from pmdaemon.core.errors import DaemonUnavailable, OperationFailed, PmdaemonError

Started = Callable[[Processes], None]


class Daemon(Protocol):
    """What is needed of a client."""

    home: Home

    def list(self, *, detail: bool = False) -> Processes:
        """Return all processes."""

    def start_apps(
        self,
        apps: Sequence[Mapping[str, object]],
        *,
        relative_to: str | None = None,
        source: str = "",
        existing: Existing = "keep",
        down: bool = False,
    ) -> Processes:
        """Bring up apps."""

    def start_declarations(
        self,
        declarations: Sequence[Mapping[str, object]],
        *,
        source: str = "",
        existing: Existing = "keep",
        down: bool = False,
    ) -> Processes:
        """Bring up apps that are declared in full."""


def save(daemon: Daemon, *, force: bool) -> SaveResult:
    """Write the list, unless it is empty, which is written by `force` only.

    Raises:
        PmdaemonError: the daemon cannot be asked, or the file not be written.

    """
    views = daemon.list(detail=True)
    path = daemon.home.dump
    written = bool(views) or force
    if written:
        dump_file.write(path, [dumped(view) for view in views])
    return {"path": path, "processes": len(views), "written": written}


def resurrect(
    daemon: Daemon, *, on_started: Started | None, on_warning: Callable[[str], None]
) -> Processes:
    """Create what is missing of the saved list, and start what was up when it was saved.

    Raises:
        OperationFailed: nothing is saved, or not all came back.

    """
    path = daemon.home.dump
    entries, fallback = dump_file.read(path)
    if fallback is not None:
        on_warning(fallback)
    saved = by_name(entries)
    present = {view["name"] for view in daemon.list()}
    up = [dumps for dumps in saved.values() if any(map(was_up, dumps))]
    down = [dumps for name, dumps in saved.items() if dumps not in up and name not in present]
    coming = _Coming(daemon, path, on_started or (lambda _: None))
    coming.bring(up, down=False)
    coming.bring(down, down=True)
    if failures := coming.failures:
        more = f" (and {len(failures) - 1} more)" if len(failures) > 1 else ""
        raise OperationFailed(
            f"not everything was restored: {failures[0]}{more}", failures=failures
        )
    return coming.back


class _Coming:
    """What has come back, and what could not."""

    def __init__(self, daemon: Daemon, path: str, on_started: Started) -> None:
        self._daemon = daemon
        self._path = path
        self._on_started = on_started
        self.back: Processes = []
        self.failures: list[str] = []

    def bring(self, apps: Sequence[Sequence[Entry]], *, down: bool) -> None:
        """Bring apps back, all at once if that goes, else one by one."""
        whole = [found for entries in apps if (found := declaration_of(entries)) is not None]
        others = [app_of(entries) for entries in apps if declaration_of(entries) is None]

        def start_whole(some: Sequence[Mapping[str, object]]) -> Processes:
            return self._daemon.start_declarations(
                some, source=self._path, existing="keep", down=down
            )

        def start_others(some: Sequence[Mapping[str, object]]) -> Processes:
            return self._daemon.start_apps(
                some, relative_to="/", source=self._path, existing="keep", down=down
            )

        self._try(start_whole, whole)
        self._try(start_others, others)

    def _try(
        self,
        start: Callable[[Sequence[Mapping[str, object]]], Processes],
        apps: Sequence[Mapping[str, object]],
    ) -> None:
        if not apps:
            return
        try:
            views = start(apps)
        except DaemonUnavailable:
            raise
        except PmdaemonError as error:
            if len(apps) == 1:
                self.failures.append(error.message)
                return
        else:
            self.back += views
            self._on_started(views)
            return
        # One that cannot be brought back is no reason to leave the others out.
        for app in apps:
            self._try(start, [app])
