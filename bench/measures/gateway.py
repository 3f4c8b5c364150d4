import os
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import psutil

from bench import proxies
from bench.figures import OURS, Figure, percentile
from bench.load import Load, free_ports, load
from bench.managers import Pair
from bench.peers import find_tool
from bench.proxies import ITS_CPU, OTHER_CPU, Proxy, on
from bench.system import BenchFailed, memory
from tests.support.http_clients import failures_of, under_load

CONNECTIONS = 32
SECONDS = 5
ROUNDS = 3
SWAPS = 6
GIB = 2**30

UPSTREAM = """
server {{
    listen 127.0.0.1:{port};
    location / {{ return 200 "hello, world"; }}
    location /large {{ root {folder}; }}
}}
"""


def measure(pair: Pair, effort: float) -> list[Figure]:
    """The proxy, nginx and caddy on one CPU, with the same upstream: rate, p99, memory, swaps."""
    folder = pair.ours.home.parent
    first, second, ours = free_ports(3)
    upstreams = "".join(UPSTREAM.format(port=port, folder=folder) for port in (first, second))
    with (folder / "large").open("wb") as large:
        large.truncate(GIB)
    with (
        proxies.nginx(folder / "upstream", upstreams, OTHER_CPU, first),
        proxies.peers(folder, first) as peers,
    ):
        pair.ours.run("proxy", "on", "--host", "127.0.0.1", "--http", str(ours))
        pair.ours.run("proxy", "add", "127.0.0.1", "--name", "site", f"127.0.0.1:{first}")
        daemon = pair.ours.daemon()[:1]
        _pin(daemon[0].pid, ITS_CPU)
        mine = Proxy(ours, daemon)
        return [
            *_loads(mine, peers, first, rounds=max(ROUNDS, round(ROUNDS * effort))),
            *_downloads(mine, peers),
            Figure(
                "requests failed in 6 swaps under load", "",
                [_swaps(pair, ours, first, second)], limit=0,
            ),
        ]  # fmt: skip


def _loads(
    ours: Proxy, peers: Mapping[str, Proxy], direct: int, *, rounds: int
) -> Iterator[Figure]:
    everybody = {OURS: ours, **peers}
    rates: dict[str, list[float]] = {name: [] for name in everybody}
    added: dict[str, list[float]] = {name: [] for name in everybody}
    for _ in range(rounds):
        for name, proxy in everybody.items():
            rates[name].append(_load(proxy.port).rate)
        # As much as half of what ours can, for all of them.
        half = percentile(rates[OURS], 50) / 2
        for name, proxy in everybody.items():
            through, past = _load(proxy.port, half).p99, _load(direct, half).p99
            added[name].append(max(0.0, through - past))
    yield Figure(
        "requests through the proxy", "/s", rates.pop(OURS), floor=4000, others=rates,
    )  # fmt: skip
    yield Figure(
        "p99 added at half of that load", "ms", added.pop(OURS), limit=3, others=added,
    )  # fmt: skip
    yield _resident("resident memory under that load", ours, peers)


def _downloads(ours: Proxy, peers: Mapping[str, Proxy]) -> Iterator[Figure]:
    everybody = {OURS: ours, **peers}
    speeds: dict[str, list[float]] = {name: [] for name in everybody}
    before = memory(ours.processes)["Rss"]
    with _highest_memory(ours.processes) as highest:
        for _ in range(ROUNDS):
            for name, proxy in everybody.items():
                speeds[name].append(_download(proxy.port))
    yield Figure("download of 1 GiB through it", "MB/s", speeds.pop(OURS), others=speeds)
    grown = max(0, highest[0] - before) / 2**20
    yield Figure("memory grown in 3 GiB of downloads", "MiB", [grown], limit=16)
    yield _resident("resident memory after that", ours, peers)


def _resident(what: str, ours: Proxy, peers: Mapping[str, Proxy]) -> Figure:
    mine, *theirs = ([memory(one.processes)["Rss"] / 2**20] for one in (ours, *peers.values()))
    return Figure(what, "MiB", mine, others=dict(zip(peers, theirs, strict=True)))


def _swaps(pair: Pair, port: int, first: int, second: int) -> int:
    with under_load(port) as clients:
        for count in range(SWAPS):
            target = f"127.0.0.1:{(second, first)[count % 2]}"
            pair.ours.run("proxy", "add", "--swap", "--name", "site", target)
    return len(failures_of(clients))


def _load(port: int, rate: float | None = None) -> Load:
    """Ask for a while, as fast as can be or so often."""
    url = f"http://127.0.0.1:{port}/"
    return load(url, SECONDS, connections=CONNECTIONS, rate=rate, cpu=OTHER_CPU)


def _download(port: int) -> float:
    told = "%{speed_download} %{size_download}"
    command = [find_tool("curl"), "-sf", "-o", "/dev/null", "-w", told]
    done = subprocess.run(
        on(OTHER_CPU, [*command, f"http://127.0.0.1:{port}/large"]),
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    speed, size = map(float, done.split())
    if size != GIB:
        raise BenchFailed(f"only {size:.0f} bytes came through")
    return speed / 1e6


@contextmanager
def _highest_memory(processes: Sequence[psutil.Process]) -> Iterator[list[int]]:
    """Note the most resident memory of these until the end of the block."""
    highest, over = [0], threading.Event()

    def look() -> None:
        while not over.wait(0.05):
            highest[0] = max(highest[0], sum(one.memory_info().rss for one in processes))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield highest
    finally:
        over.set()
        thread.join()


def _pin(pid: int, cpu: int) -> None:
    for thread in psutil.Process(pid).threads():
        os.sched_setaffinity(thread.id, {cpu})
