import shutil
import time
from contextlib import nullcontext
from pathlib import Path
from typing import NamedTuple

from bench.figures import Figure
from bench.load import answers, free_ports, load
from bench.managers import App, Manager, Pair
from bench.system import at_real_time, cpu_seconds, wait_for
from tests.support.http_clients import failures_of, under_load

INSTANCES = 2
RELOADS = 3
CONNECTIONS = 32
SECONDS = 2
SETTLING = 0.5
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
    # How Node compiles a program depends on what it was asked before, and that changes what it
    # needs for a request by half. Reloads leave the two sides with different pasts: they are last.
    rates = _rates(pair, ports, max(3, round(9 * effort))) if shutil.which("wrk") else []
    return [*rates, _reloads(pair, ports)]


def _rates(pair: Pair, ports: dict[str, int], times: int) -> list[Figure]:
    _rounds(pair, ports, 1)  # what is asked first is compiled meanwhile
    usual = _rounds(pair, ports, times)
    figures = [_rate_of(WHAT, pair, usual), _cost_of(f"CPU of {WHAT}", pair, usual)]
    try:
        equal = _rounds(pair, ports, times, real_time=True)
    except PermissionError:
        return figures
    return [*figures, _rate_of(f"{WHAT}, all at one priority", pair, equal)]


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


def _rounds(
    pair: Pair, ports: dict[str, int], times: int, *, real_time: bool = False
) -> dict[str, list[Sample]]:
    """Ask both by turns, and let each go first as often: what else runs here changes meanwhile."""
    samples: dict[str, list[Sample]] = {manager.name: [] for manager in pair}
    for number in range(times):
        for manager in reversed([*pair]) if number % 2 else pair:
            samples[manager.name].append(_sample(manager, ports[manager.name], real_time=real_time))
    return samples


def _sample(manager: Manager, port: int, *, real_time: bool) -> Sample:
    """Ask as fast as can be, and count the time of all instances and of the manager.

    On two processors the two instances and who asks are in each other's way, and the usual
    scheduler gives each session as much: PM2's instances share one (sched(7), autogroup), ours have
    one each. At one real-time priority it is the same for all three.
    """
    time.sleep(SETTLING)
    processes = [*manager.daemon(), *manager.programs()]
    with at_real_time(processes) if real_time else nullcontext():
        cpu = cpu_seconds(processes)
        answered = load(
            f"http://127.0.0.1:{port}/", SECONDS, connections=CONNECTIONS, real_time=real_time
        )
        cpu = cpu_seconds(processes) - cpu
    return Sample(answered.rate, cpu / answered.requests * MICROSECONDS)
