"""What a command has at hand: the home, the daemon, the terminal."""

import json
import os
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pmdaemon.cli.render.terminal import Terminal
from pmdaemon.config.paths import Home
from pmdaemon.control.client import Client
from pmdaemon.core.errors import PmdaemonError

if TYPE_CHECKING:
    from pmdaemon.control.starter import Prepared


class Context:
    """One call of the program."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self.plain = False
        """Whether colours were turned off by an option."""
        self._prepared: Prepared | None = None

    @property
    def home(self) -> Home:
        """Where the daemon of this user keeps its things."""
        return Home.from_environment(self.environment)

    @property
    def terminal(self) -> Terminal:
        """Standard output."""
        return Terminal.of(sys.stdout, self.environment, plain=self.plain)

    def client(self, *, start: bool = True) -> Client:
        """Return a client of the daemon, started when there is none, unless told not to."""
        return Client(self.home, self._start_daemon if start else None)

    def prepare_daemon(self) -> None:
        """Have a daemon that is going to be needed load itself while we do, where there is none."""
        # Whatever is wrong is said when it is needed, if it is.
        with suppress(PmdaemonError):
            home = self.home
            if os.path.lexists(home.socket):
                return
            from pmdaemon.control.starter import Prepared  # noqa: PLC0415 - as below

            self._prepared = Prepared(home.path, _scrubbed(self.environment))

    def close(self) -> None:
        """Let go of a daemon that was prepared and is not needed."""
        if self._prepared is not None:
            self._prepared.close()
            self._prepared = None

    def ask(
        self, verb: str, body: Mapping[str, object] | None = None, *, start: bool = True
    ) -> dict[str, Any]:
        """Ask the daemon, and show its progress on a terminal."""
        return self.client(start=start).request(verb, body, on_progress=_progress())

    def processes(
        self, selectors: tuple[str, ...] = (), *, detail: bool = False
    ) -> list[dict[str, Any]]:
        """Ask for all processes, or for the selected ones."""
        body: dict[str, object] = {"selectors": list(selectors)} if selectors else {}
        if detail:
            body["detail"] = True
        result = self.ask("list", body)
        for warning in result.get("warnings", []):
            warn(warning)
        found: list[dict[str, Any]] = result["processes"]
        return found

    def stream(
        self, verb: str, body: Mapping[str, object], *, start: bool = True
    ) -> Generator[dict[str, Any], None, None]:
        """Ask the daemon for something that goes on."""
        return self.client(start=start).stream(verb, body)

    def environment_to_send(self) -> dict[str, str]:
        """Return what programs are to inherit from the caller."""
        return _scrubbed(self.environment)

    def cwd(self) -> str:
        """Return the directory that relative paths are meant from.

        Raises:
            InvalidInput: it was removed.

        """
        from pmdaemon.core.errors import InvalidInput  # noqa: PLC0415

        try:
            return os.getcwd()  # noqa: PTH109 - pathlib takes longer than asking the daemon
        except OSError as error:
            raise InvalidInput(
                f"cannot use the current directory: {str(error.strerror).lower()}"
            ) from error

    def _start_daemon(self) -> None:
        home, prepared = self.home, self._prepared
        if prepared is not None and not prepared.is_used:
            prepared.start_daemon(log=home.daemon_log)
            return
        # Nearly every command finds a daemon running, and need not load this.
        from pmdaemon.control.starter import start_daemon  # noqa: PLC0415

        start_daemon(home.path, _scrubbed(self.environment), log=home.daemon_log)


def say_json(value: object) -> None:
    """Print a value as JSON, on one line."""
    print(json.dumps(value, separators=(",", ":")), flush=True)


def warn(sentence: str) -> None:
    """Say something on standard error."""
    print(f"pmdaemon: {sentence}", file=sys.stderr)


def _scrubbed(environment: Mapping[str, str]) -> dict[str, str]:
    from pmdaemon.config.environment import scrubbed  # noqa: PLC0415 - as above

    return scrubbed(environment)


def _progress() -> Callable[[str], None]:
    """Show sentences on a terminal; one that comes again and again is shown once."""
    latest = ""

    def show(sentence: str) -> None:
        nonlocal latest
        if sentence != latest and sys.stderr.isatty():
            print(sentence, file=sys.stderr)
        latest = sentence

    return show
