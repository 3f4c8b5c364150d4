import json
import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.figures import Figure, percentile
from bench.load import answers, free_ports
from bench.managers import Manager, Pair
from bench.peers import find_tool
from tests.support.http_clients import failures_of, under_load

ROUNDS = 10

SERVER = """
require('http').createServer((q, s) => s.end('VERSION')).listen(process.env.PORT, '127.0.0.1');
"""

_IDENTITY = ("-c", "user.name=bench", "-c", "user.email=bench@example.com")


def measure(pair: Pair, effort: float) -> list[Figure]:
    """A small Node server, deployed and rolled back: seconds beyond its own start, requests lost.

    No peer does this without containers, so it is compared with the program itself: from its start
    until it accepts connections.
    """
    (gateway,) = free_ports(1)
    checkout = Checkout(pair.ours.home.parent / "hello", pair.ours)
    pair.ours.run("proxy", "on", "--host", "127.0.0.1", "--http", str(gateway))
    checkout.deploy("0")
    alone, live, back = [], [], []
    for number in range(1, (round(ROUNDS * effort) or 1) + 1):
        alone.append(checkout.start_alone())
        live.append(checkout.deploy(str(number)))
        back.append(checkout.roll_back())
    with under_load(gateway, host="hello.localhost") as clients:
        checkout.deploy("under load")
        checkout.roll_back()
    own = percentile(alone, 50)
    return [
        Figure("the program alone, until it accepts", "s", alone),
        Figure("a commit to live, beyond that", "s", _beyond(own, live), limit=2),
        Figure("a rollback, beyond that", "s", _beyond(own, back), limit=1),
        Figure(
            "requests failed in a deployment and a rollback", "", [len(failures_of(clients))],
            limit=0,
        ),
    ]  # fmt: skip


class Checkout:
    """A repository with a program of one file, which has no dependencies."""

    def __init__(self, folder: Path, manager: Manager) -> None:
        self._folder, self._manager = folder, manager
        folder.mkdir()
        self._git("init", "--quiet", "--initial-branch=main")
        (folder / "package.json").write_text('{"scripts": {"start": "node server.js"}}', "utf-8")

    def deploy(self, version: str) -> float:
        """Commit another version and put it live; return the seconds that took."""
        (self._folder / "server.js").write_text(SERVER.replace("VERSION", version), "utf-8")
        self._git("add", ".")
        self._git("commit", "--quiet", "--message", version)
        return self._took("deploy")

    def roll_back(self) -> float:
        """Run the version before; return the seconds that took."""
        return self._took("rollback", self._folder.name)

    def start_alone(self) -> float:
        """Run the program with no manager; return the seconds until it accepts connections."""
        (port,) = free_ports(1)
        environment = {**os.environ, "PORT": str(port)}
        began = time.monotonic()
        with subprocess.Popen(
            [find_tool("node"), "server.js"], cwd=self._folder, env=environment
        ) as program:
            try:
                while not answers(port):
                    time.sleep(0.001)
                return time.monotonic() - began
            finally:
                program.kill()

    def _git(self, *words: str) -> None:
        command = [find_tool("git"), *_IDENTITY, *words]
        subprocess.run(command, cwd=self._folder, check=True, capture_output=True)

    def _took(self, *words: str) -> float:
        view: dict[str, Any] = json.loads(self._manager.run(*words, "--json", cwd=self._folder))
        return float(view["finished"] - view["created"])


def _beyond(own: float, taken: Sequence[float]) -> list[float]:
    return [max(0.0, one - own) for one in taken]
