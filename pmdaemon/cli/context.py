"""What a command has at hand: the home, the daemon, the terminal."""

import json
import sys
from collections.abc import Callable, Mapping

from pmdaemon.cli.render.terminal import Terminal
from pmdaemon.client.blocking import Client, inherited
from pmdaemon.config.paths import Home
from pmdaemon.control.channel import ANSWER_PATIENCE


class Context:
    """One call of the program."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self.plain = False
        """Whether colours were turned off by an option."""

    @property
    def home(self) -> Home:
        """Where the daemon of this user keeps its things."""
        return Home.from_environment(self.environment)

    @property
    def terminal(self) -> Terminal:
        """Standard output."""
        return Terminal.of(sys.stdout, self.environment, plain=self.plain)

    def client(self, *, start: bool = True, patience: float = ANSWER_PATIENCE) -> Client:
        """Return a client of the daemon, started when there is none, unless told not to.

        It shows the daemon's progress on a terminal, and what it warns of.
        """
        return Client(
            self.home,
            environment=self.environment,
            start=start,
            patience=patience,
            on_progress=_progress(),
            on_warning=warn,
        )

    def environment_to_send(self) -> dict[str, str]:
        """Return what programs are to inherit from the caller."""
        return inherited(self.environment)


def say_json(value: object) -> None:
    """Print a value as JSON, on one line."""
    print(json.dumps(value, separators=(",", ":")), flush=True)


def warn(sentence: str) -> None:
    """Say something on standard error."""
    print(f"pmdaemon: {sentence}", file=sys.stderr)


def _progress() -> Callable[[str], None]:
    """Show sentences on a terminal; one that comes again and again is shown once."""
    latest = ""

    def show(sentence: str) -> None:
        nonlocal latest
        if sentence != latest and sys.stderr.isatty():
            print(sentence, file=sys.stderr)
        latest = sentence

    return show
