import shutil
import time
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import NamedTuple

from bench.figures import Figure
from bench.load import Load, answers, free_ports, load
from bench.managers import App, Manager, Pair
from bench.system import at_real_time, cpu_seconds, wait_for
from tests.support.http_clients import failures_of, under_load

INSTANCES = 2
RELOADS = 3
CONNECTIONS = 32
SECONDS = 1
SETTLING = 0.5
COMPILED = 50_000
"""Requests after which Node has compiled all that they need."""
WARMING = 10
"""How often at most it is asked for that long, on a machine that has much else to do."""
MICROSECONDS = 1e6
WHAT = f"requests to a cluster of {INSTANCES}"


class Sample(NamedTuple):
    """How many requests a second were answered, and what processor time one took, in µs."""

    rate: float
    cpu: float


def measure(pair: Pair, effort: float) -> list[Figure]:
    """A Node hello-world with 2 instances: requests a second, their cost, those lost in reloads."""
    if shutil.which("node") is None:
        return []
    ports = {manager.name: _started(manager) for manager in pair}
    # First of all: what instances were asked before has a part in what they need for a request.
    rates = _rates(pair, ports, max(3, round(9 * effort)))
    return [*rates, _reloads(pair, ports)]


def _rates(pair: Pair, ports: dict[str, int], times: int) -> list[Figure]:
    usual: dict[str, list[Sample]] = {manager.name: [] for manager in pair}
    equal: dict[str, list[Sample]] = {manager.name: [] for manager in pair}
    for number in range(times):
        # By turns, as what else runs here changes meanwhile.
        for manager in reversed([*pair]) if number % 2 else pair:
            port = ports[manager.name]
            _begin_anew(manager, port)
            usual[manager.name].append(_sample(manager, port))
            with suppress(PermissionError):
                equal[manager.name].append(_sample(manager, port, real_time=True))
    return [
        _rate_of(WHAT, pair, usual),
        _cost_of(f"CPU of {WHAT}", pair, usual),
        *([_rate_of(f"{WHAT}, all at one priority", pair, equal)] if equal[pair.ours.name] else []),
    ]


def _begin_anew(manager: Manager, port: int) -> None:
    """Start the instances anew, and have them asked until they are compiled.

    Two starts of one program differ by more than two samples of one start, for as long as it runs.
    """
    manager.run("restart", "hello")
    wait_for(lambda: answers(port), f"{manager.name} to answer")
    time.sleep(SETTLING)
    asked = 0
    for _ in range(WARMING):
        asked += _ask(port).requests
        if asked >= COMPILED:
            break


def _rate_of(what: str, pair: Pair, samples: dict[str, list[Sample]]) -> Figure:
    ours, theirs = ([one.rate for one in samples[manager.name]] for manager in pair)
    return Figure(what, "/s", ours, theirs, target=1.0, more_is_better=True)


def _cost_of(what: str, pair: Pair, samples: dict[str, list[Sample]]) -> Figure:
    ours, theirs = ([one.cpu for one in samples[manager.name]] for manager in pair)
    return Figure(what, "µs each", ours, theirs, target=1.0)


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


def _sample(manager: Manager, port: int, *, real_time: bool = False) -> Sample:
    """Ask as fast as can be, and count the time of all instances and of the manager.

    On two processors the two instances and who asks are in each other's way, and the usual
    scheduler gives each session as much: PM2's instances share one (sched(7), autogroup), ours have
    one each. At one real-time priority it is the same for all three.
    """
    processes = [*manager.daemon(), *manager.programs()]
    with at_real_time(processes) if real_time else nullcontext():
        cpu = cpu_seconds(processes)
        answered = _ask(port, real_time=real_time)
        cpu = cpu_seconds(processes) - cpu
    return Sample(answered.rate, cpu / answered.requests * MICROSECONDS)


def _ask(port: int, *, real_time: bool = False) -> Load:
    url = f"http://127.0.0.1:{port}/"
    return load(url, SECONDS, connections=CONNECTIONS, real_time=real_time)
