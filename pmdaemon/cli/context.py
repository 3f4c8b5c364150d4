"""What a command has at hand: the home, the daemon, the terminal."""

import json
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from pmdaemon.cli.render.terminal import Terminal
from pmdaemon.client.blocking import Client, inherited, start_daemon_of
from pmdaemon.config.paths import Home
from pmdaemon.control.channel import ANSWER_PATIENCE
from pmdaemon.core.errors import PmdaemonError

if TYPE_CHECKING:
    from pmdaemon.config.pm2_shape import Places
    from pmdaemon.control.messages.processes import ProcessView
    from pmdaemon.control.starter import Prepared


class Context:
    """One call of the program."""

    voice = "pmdaemon: "
    """What stands before sentences on standard error."""

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

    def places(self, view: "ProcessView") -> "Places | None":  # noqa: ARG002 - for those who know better
        """Say where the files of a process are by PM2's names; None where there are none."""
        return None

    def prepare_daemon(self) -> None:
        """If no daemon is running, have one load itself while we do, because we will need it."""
        # Whatever goes wrong here is reported when the daemon is really needed.
        with suppress(PmdaemonError):
            home = self.home
            if os.path.lexists(home.socket):
                return
            # Nearly every command finds a daemon running, and need not load this.
            from pmdaemon.control.starter import Prepared  # noqa: PLC0415

            self._prepared = Prepared(home.path, inherited(self.environment))

    def close(self) -> None:
        """Let go of a daemon that was prepared and is not needed."""
        if self._prepared is not None:
            self._prepared.close()
            self._prepared = None

    def client(self, *, start: bool = True, patience: float = ANSWER_PATIENCE) -> Client:
        """Return a client of the daemon, which is started if none is running, unless told not to.

        It prints the daemon's warnings, and on a terminal its progress too.
        """
        return Client(
            self.home,
            environment=self.environment,
            start=self._start_daemon if start else False,
            patience=patience,
            on_progress=_progress(),
            on_warning=_warning_once(self.voice),
        )

    def environment_to_send(self) -> dict[str, str]:
        """Return what programs are to inherit from the caller."""
        return inherited(self.environment)

    def _start_daemon(self) -> None:
        home, prepared = self.home, self._prepared
        if prepared is None or prepared.is_used:
            start_daemon_of(home, self.environment)
        else:
            prepared.start_daemon(log=home.daemon_log)


def say_json(value: object) -> None:
    """Print a value as JSON, on one line."""
    print(json.dumps(value, separators=(",", ":")), flush=True)


def say(value: object, words: str, *, json: bool) -> None:
    """Print what a command has led to: for programs as JSON, for people in words."""
    if json:
        say_json(value)
    else:
        print(words)


def warn(sentence: str, *, voice: str = Context.voice) -> None:
    """Say something on standard error, wherever the words in it come from."""
    print(f"{voice}{_harmless(sentence)}", file=sys.stderr)


def _harmless(sentence: str) -> str:
    from pmdaemon.cli.render.text import harmless  # noqa: PLC0415 - most have nothing to say

    return "\n".join(map(harmless, sentence.split("\n")))


def _warning_once(voice: str) -> Callable[[str], None]:
    """Say each sentence once, however many requests of one command it is the answer to."""
    said: set[str] = set()

    def say(sentence: str) -> None:
        if sentence not in said:
            said.add(sentence)
            warn(sentence, voice=voice)

    return say


def _progress() -> Callable[[str], None]:
    """Show sentences on a terminal; one that comes again and again is shown once."""
    latest = ""

    def show(sentence: str) -> None:
        nonlocal latest
        if sentence != latest and sys.stderr.isatty():
            print(_harmless(sentence), file=sys.stderr)
        latest = sentence

    return show
