import shutil
import time
from pathlib import Path

from bench.figures import Figure
from bench.load import answers, free_ports, load
from bench.managers import App, Manager, Pair
from bench.system import wait_for
from tests.support.http_clients import failures_of, under_load

INSTANCES = 2
RELOADS = 3
SECONDS = 4
SETTLING = 1.0


def measure(pair: Pair, effort: float) -> list[Figure]:
    """A Node hello-world with 2 instances: requests per second, and requests lost in 3 reloads."""
    if shutil.which("node") is None:
        return []
    ports = {manager.name: _started(manager) for manager in pair}
    figures = [_reloads(pair, ports)]
    if shutil.which("wrk") is not None:
        rates = [
            (_rate(ports[pair.ours.name]), _rate(ports[pair.theirs.name]))
            for _ in range(max(3, round(5 * effort)))
        ]
        ours, theirs = zip(*rates, strict=True)
        figures.append(
            Figure(
                "requests to a cluster of 2",
                "/s",
                ours,
                theirs,
                target=1.0,
                more_is_better=True,
            )
        )
    return figures


def _reloads(pair: Pair, ports: dict[str, int]) -> Figure:
    """Count the requests that fail, of 4 clients that keep their connections and 4 that do not."""
    failed = {}
    for manager in pair:
        with under_load(ports[manager.name]) as clients:
            for _ in range(RELOADS):
                manager.run("reload", "hello")
        failed[manager.name] = len(failures_of(clients))
    ours, theirs = (failed[manager.name] for manager in pair)
    return Figure("requests failed in 3 reloads", "", [ours], [theirs], limit=0)


def _started(manager: Manager) -> int:
    (port,) = free_ports(1)
    program = Path(__file__).parents[1] / "programs" / "hello.js"
    app: App = {
        "name": "hello",
        "script": str(program),
        "args": str(port),
        "instances": INSTANCES,
        "exec_mode": "cluster",
    }
    manager.start([app])
    wait_for(lambda: answers(port), f"{manager.name} to answer")
    return port


def _rate(port: int) -> float:
    """Ask as fast as can be, over 32 connections."""
    time.sleep(SETTLING)
    return load(f"http://127.0.0.1:{port}/", SECONDS, connections=32).rate
