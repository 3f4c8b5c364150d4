"""PM2's home: its file names, kept by links and defaults, around a home of ours.

What is ours is in the folder `pmdaemon` of it, so that nothing there is in the way of PM2, should
somebody go back. Where scripts look for PM2's files there are links: `pm2.pid` and `logs/…`.
"""

import os
import re
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from pmdaemon.cli.context import Context
from pmdaemon.config.paths import Home, from_here
from pmdaemon.config.pm2_shape import Places
from pmdaemon.core.errors import HomeUnusable, PmdaemonError
from pmdaemon.core.logs import OutputStream, of_instance
from pmdaemon.core.wording import why

OUR_FOLDER = "pmdaemon"

MOVED_ASIDE = ".pm2"
"""What is put behind the name of a file of PM2's that a link takes the place of."""

ELSEWHERE = {
    "dump.pm2": "PM2_DUMP_FILE_PATH",
    "module_conf.json": "PM2_MODULE_CONF_FILE",
    "pm2.pid": "PM2_PID_FILE_PATH",
    "pm2.log": "PM2_LOG_FILE_PATH",
    "logs": "PM2_DEFAULT_LOG_PATH",
    "pids": "PM2_DEFAULT_PID_PATH",
}
"""The variables that say where a file or folder of PM2's home is instead."""

_UNFIT = re.compile(r"[^A-Za-z0-9.\-]")


class Pm2Home(Home):
    """Our home, whose saved list and kept values are those of PM2's home around it."""

    __slots__ = ("_elsewhere", "pm2")

    def __init__(self, pm2: str, environment: Mapping[str, str] | None = None) -> None:
        super().__init__(os.path.join(pm2, OUR_FOLDER))  # noqa: PTH118 - as its base does
        self.pm2 = pm2
        said = environment or {}
        self._elsewhere = {name: said[key] for name, key in ELSEWHERE.items() if said.get(key)}

    @property
    def dump(self) -> str:
        """The saved list of both."""
        return str(self.of_pm2("dump.pm2"))

    @property
    def conf(self) -> str:
        """The kept values of both."""
        return str(self.of_pm2("module_conf.json"))

    def of_pm2(self, first: str, *names: str) -> Path:
        """Say where PM2 has a file."""
        return Path(self.pm2, self._elsewhere.get(first, first), *names).absolute()


class Pm2Context(Context):
    """A call under the name of PM2."""

    voice = "[PM2][WARN] "

    def __init__(self, environment: Mapping[str, str]) -> None:
        home = environment.get("PM2_HOME") or f"{environment.get('HOME') or '~'}/.pm2"
        self._home = Pm2Home(from_here(home), environment)
        variables = {"PM2_HOME": self._home.pm2, "PMDAEMON_HOME": self._home.path}
        super().__init__({**environment, **variables})

    @property
    def home(self) -> Pm2Home:
        """PM2's home, and ours in it."""
        return self._home

    def places(self, view: Mapping[str, Any]) -> Places:
        """Say where the files of a process are by PM2's names."""
        declaration = view["declaration"]
        single = declaration["instances"] == 1 and declaration["exec_mode"] == "fork"
        ending = "" if single or declaration["logs"]["merge"] else f"-{view['pm_id']}"
        name = _UNFIT.sub("-", view["name"])
        return Places(
            str(self.home.of_pm2("logs", f"{name}-out{ending}.log")),
            str(self.home.of_pm2("logs", f"{name}-error{ending}.log")),
            str(self.home.of_pm2("pids", f"{name}-{view['pm_id']}.pid")),
        )

    def defaults(self, name: str | None = None) -> dict[str, object]:
        """Say what PM2's environment variables, and its home, mean for an app."""
        named = {
            "PM2_KILL_TIMEOUT": "kill_timeout",
            "PM2_KILL_SIGNAL": "stop_signal",
            "PM2_KILL_USE_MESSAGE": "shutdown_with_message",
            "PM2_GRACEFUL_LISTEN_TIMEOUT": "listen_timeout",
            "PM2_PROCESS_INSTANCE_VAR": "instance_var",
        }
        found: dict[str, object] = {
            field: self.environment[variable]
            for variable, field in named.items()
            if self.environment.get(variable)
        }
        if name is not None:
            found["stdin"] = True  # as PM2's programs have it, whether they read it or not
            file = f"{_UNFIT.sub('-', name)}-{{id}}.pid"
            found["pid_file"] = str(self.home.of_pm2("pids", file))
        return found

    def merged_files(self, name: str) -> dict[str, str]:
        """Say which files of PM2's the instances of an app share that merges its logs."""
        stem = _UNFIT.sub("-", name)
        return {
            "out_file": str(self.home.of_pm2("logs", f"{stem}-out.log")),
            "error_file": str(self.home.of_pm2("logs", f"{stem}-error.log")),
        }

    def settle(self) -> None:
        """Make PM2's home be there, and see that PM2 itself does not run in it.

        Raises:
            HomeUnusable: it does, or the folder cannot be made.

        """
        try:
            for folder in ("logs", "pids"):
                self.home.of_pm2(folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise HomeUnusable(f"cannot use {self.home.pm2}: {why(error)}") from error
        if (pid := _pid_of_pm2(self.home.of_pm2("pm2.pid"))) is not None:
            raise HomeUnusable(
                f"PM2 itself runs in {self.home.pm2} (pid {pid}): end it by its own pm2 kill,"
                " or take over what it has by pmdaemon import pm2",
                pid=pid,
            )

    def link(self) -> None:
        """Have links where PM2's files are looked for."""
        _link(self.home.of_pm2("pm2.pid"), self.home.pid_file)
        _link(self.home.of_pm2("pm2.log"), self.home.daemon_log)
        try:
            views = self.client(start=False).list(detail=True)
        except PmdaemonError:
            return
        for link, target in _links(views, self):
            _link(Path(link), target)


def _links(views: Iterable[Mapping[str, Any]], context: Pm2Context) -> list[tuple[str, str]]:
    links = []
    for view in views:
        logs, places = view["declaration"]["logs"], context.places(view)
        pairs = (
            (logs["out_file"], places.out, OutputStream.OUT, view["out_file"]),
            (logs["error_file"], places.err, OutputStream.ERR, view["error_file"]),
        )
        worded = _worded_copies(view)
        links += [
            (theirs, worded.get(stream, plain))
            for chosen, theirs, stream, plain in pairs
            if not chosen
        ]
    return links


def _worded_copies(view: Mapping[str, Any]) -> dict[OutputStream, str]:
    """Say where the lines of a process are as PM2 would write them: with dates, or as JSON."""
    policy = view["declaration"]["logs"]
    if not (policy["json"] or policy["date_format"]):
        return {}
    from msgspec import convert  # noqa: PLC0415 - for the few who have their lines worded

    from pmdaemon.core.log_copies import copies_of  # noqa: PLC0415 - as above
    from pmdaemon.core.spec import LogPolicy  # noqa: PLC0415 - as above

    folder = view["out_file"].rpartition("/")[0]
    alone = {**policy, "combined_file": None}
    copies = copies_of(view["name"], view["instance"], convert(alone, LogPolicy), folder)
    return {copy.stream: copy.path for copy in copies}


def own_file(view: Mapping[str, Any], key: str) -> str | None:
    """Return the file that a user has chosen for a stream of a process."""
    logs = view["declaration"]["logs"]
    instance = 0 if logs["merge"] else view["instance"]
    return of_instance(logs[key], instance) if logs[key] else None


def _link(path: Path, target: str) -> None:
    """Make a link, and move what PM2 has left there aside; nothing hangs on it."""
    with suppress(OSError):
        if path.is_symlink():
            if str(path.readlink()) == target:
                return
            path.unlink()
        elif path.exists():
            path.rename(path.with_name(path.name + MOVED_ASIDE))
        path.symlink_to(target)


def _pid_of_pm2(path: Path) -> int | None:
    """Find the pid of PM2's daemon, if it wrote this file and is there."""
    if path.is_symlink():
        return None
    try:
        pid = int(path.read_text())
        os.kill(pid, 0)
        if sys.platform != "linux":
            return pid
        # The pid may be somebody else's by now; PM2 gives itself a title.
        title = Path(f"/proc/{pid}/cmdline").read_bytes()
    except PermissionError:
        return None
    except (OSError, ValueError):
        return None
    return pid if title.startswith(b"PM2 ") else None
