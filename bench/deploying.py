"""`python -m bench.deploying`: how long from a push to live, and back; and what is dropped by it.

There is no peer that does this without containers, so the measure is the app itself: what a
deployment takes beyond the time that the very same program takes from its start until it accepts
connections.
"""

import http.client
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

ROUNDS = 10
CLIENTS = 8

SERVER = """
require('http').createServer((q, s) => s.end('VERSION')).listen(process.env.PORT, '127.0.0.1');
"""


class Scene:
    """A home, a repository of a hello-world program without dependencies, and a gateway."""

    def __init__(self, folder: Path) -> None:
        self.checkout = folder / "hello"
        self.environment = {
            **os.environ,
            "PMDAEMON_HOME": str(folder / "home"),
            "PYTHONPATH": str(Path(__file__).parent.parent),
            "GIT_AUTHOR_NAME": "bench",
            "GIT_AUTHOR_EMAIL": "bench@example.com",
            "GIT_COMMITTER_NAME": "bench",
            "GIT_COMMITTER_EMAIL": "bench@example.com",
        }
        self.port = free_port()
        self.checkout.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")
        (self.checkout / "package.json").write_text('{"scripts": {"start": "node server.js"}}')
        self.commit("0")
        self.run("proxy", "on", "--host", "127.0.0.1", "--http", str(self.port))

    def git(self, *words: str) -> None:
        """Run git in the checkout."""
        subprocess.run(["git", *words], cwd=self.checkout, env=self.environment, check=True)

    def commit(self, version: str) -> None:
        """Have another version to deploy."""
        (self.checkout / "server.js").write_text(SERVER.replace("VERSION", version))
        self.git("add", ".")
        self.git("commit", "--quiet", "--message", version)

    def run(self, *words: str) -> str:
        """Run a command of ours."""
        command = [sys.executable, "-m", "pmdaemon", *words]
        return subprocess.run(
            command,
            cwd=self.checkout,
            env=self.environment,
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    def took(self, deployed: str) -> float:
        """Say how long a deployment took, from being asked for to being live."""
        view: dict[str, Any] = json.loads(deployed)
        return float(view["finished"] - view["created"])


def main() -> int:
    """Take the figures, and print them."""
    with scene() as it:
        it.run("deploy", "--json")
        alone, pushes, backs, walls = [], [], [], []
        for number in range(1, ROUNDS + 1):
            alone.append(started_alone(it))
            it.commit(str(number))
            began = time.monotonic()
            pushes.append(it.took(it.run("deploy", "--json")))
            walls.append(time.monotonic() - began)
            backs.append(it.took(it.run("rollback", "hello", "--json")))
        own = statistics.median(alone)
        print(f"the program alone, from its start until it accepts: {own:.2f} s (median)")
        tell("push to live, beyond that", pushes, own, 2.0)
        tell("rollback, beyond that", backs, own, 1.0)
        tell("the command deploy, whole", walls, 0.0, None)
        answers, failures = under_load(it)
        print(f"{CLIENTS} clients through a deployment and a rollback:", end=" ")
        print(f"{answers} answers, {len(failures)} failures {failures[:3] or ''}")
    return 1 if failures else 0


def tell(what: str, taken: list[float], own: float, target: float | None) -> None:
    """Print a figure: its median, its lowest and its highest."""
    beyond = sorted(one - own for one in taken)
    goal = f" (to be at most {target:g} s)" if target is not None else ""
    print(f"{what}: {statistics.median(beyond):.2f} s, {beyond[0]:.2f} to {beyond[-1]:.2f}{goal}")


def started_alone(it: Scene) -> float:
    """Say how long the program takes from its start until it accepts connections."""
    port = free_port()
    began = time.monotonic()
    process = subprocess.Popen(
        ["node", "server.js"], cwd=it.checkout, env={**it.environment, "PORT": str(port)}
    )
    try:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=5).close()
                return time.monotonic() - began
            except ConnectionRefusedError:
                time.sleep(0.001)
    finally:
        process.kill()
        process.wait()


def under_load(it: Scene) -> tuple[int, list[str]]:
    """Deploy and go back while clients ask all the time; count what they got."""
    over, counts, failures = threading.Event(), [0] * CLIENTS, []

    def ask(number: int) -> None:
        while not over.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", it.port, timeout=20)
            try:
                with closing(connection):
                    for _ in range(20):
                        connection.request("GET", "/", headers={"Host": "hello.localhost"})
                        answer = connection.getresponse()
                        answer.read()
                        if answer.status != 200:
                            failures.append(str(answer.status))
                        counts[number] += 1
                        if answer.will_close:
                            break
            except (OSError, http.client.HTTPException) as error:
                failures.append(repr(error))

    clients = [threading.Thread(target=ask, args=(number,)) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    try:
        it.commit("under load")
        it.run("deploy", "--json")
        it.run("rollback", "hello", "--json")
    finally:
        over.set()
        for client in clients:
            client.join()
    return sum(counts), failures


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@contextmanager
def scene() -> Iterator[Scene]:
    """Lend a scene; nothing of it is left behind."""
    folder = Path(tempfile.mkdtemp(prefix="bench-deploying-"))
    it = Scene(folder)
    try:
        yield it
    finally:
        it.run("kill")
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
