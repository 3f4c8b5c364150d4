import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

from bench.figures import Figure, percentile
from bench.load import answers, free_ports, load
from bench.managers import Pair
from bench.peers import find_tool
from bench.system import BenchFailed, end, memory, wait_for
from tests.support.http_clients import failures_of, under_load

CONNECTIONS = 32
SECONDS = 5
ROUNDS = 3
SWAPS = 6
GIB = 2**30
OURS, BESIDE = 0, 1
"""The processor that proxies have for themselves, and that of all others."""

UPSTREAM = """
server {{
    listen 127.0.0.1:{port};
    location / {{ return 200 "hello, world"; }}
    location /large {{ root {folder}; }}
}}
"""

PROXY = """
upstream behind {{ server 127.0.0.1:{behind}; keepalive 64; keepalive_requests 1000000000; }}
server {{
    listen 127.0.0.1:{port};
    location / {{
        proxy_pass http://behind;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Forwarded-Proto $scheme;
    }}
}}
"""


def measure(pair: Pair, effort: float) -> list[Figure]:
    """The proxy and nginx, one processor each, the same upstream: rate, p99, memory, swaps."""
    try:
        nginx_program = find_tool("nginx")
    except BenchFailed as failure:
        print(f"  {failure}", file=sys.stderr)
        return []
    folder = pair.ours.home.parent
    first, second, theirs, ours = free_ports(4)
    upstreams = "".join(UPSTREAM.format(port=port, folder=folder) for port in (first, second))
    with (folder / "large").open("wb") as large:
        large.truncate(GIB)
    with (
        _nginx(nginx_program, folder / "upstream", upstreams, BESIDE, first),
        _nginx(
            nginx_program, folder / "proxy", PROXY.format(port=theirs, behind=first), OURS, theirs
        ) as nginx,
    ):
        pair.ours.run("proxy", "on", "--host", "127.0.0.1", "--http", str(ours))
        pair.ours.run("proxy", "add", "127.0.0.1", "--name", "site", f"127.0.0.1:{first}")
        daemon = pair.ours.daemon()[:1]
        _pin(daemon[0].pid, OURS)
        return [
            *_loads(ours, theirs, first, rounds=max(ROUNDS, round(ROUNDS * effort))),
            *_downloads(ours, theirs, daemon, nginx),
            Figure(
                "requests failed in 6 swaps under load", "", [_swaps(pair, ours, first, second)],
                limit=0,
            ),
        ]  # fmt: skip


def _loads(ours: int, theirs: int, direct: int, *, rounds: int) -> Iterator[Figure]:
    rates: dict[int, list[float]] = {ours: [], theirs: []}
    added: dict[int, list[float]] = {ours: [], theirs: []}
    for _ in range(rounds):
        for port, taken in rates.items():
            taken.append(_load(port)[0])
        for port, taken in added.items():
            # As much as half of what ours can, for all three.
            half = percentile(rates[ours], 50) / 2
            through, past = _load(port, half)[1], _load(direct, half)[1]
            taken.append(max(0.0, through - past))
    yield Figure(
        "requests through the proxy", "/s", rates[ours],
        floor=4000, others={"nginx": rates[theirs]},
    )  # fmt: skip
    yield Figure(
        "p99 added at half of that load", "ms", added[ours],
        limit=3, others={"nginx": added[theirs]},
    )  # fmt: skip


def _downloads(
    ours: int, theirs: int, daemon: Sequence[psutil.Process], nginx: Sequence[psutil.Process]
) -> Iterator[Figure]:
    speeds: dict[int, list[float]] = {ours: [], theirs: []}
    before = memory(daemon)["Rss"]
    with _highest_memory(daemon) as highest:
        for _ in range(ROUNDS):
            for port, taken in speeds.items():
                taken.append(_download(port))
    yield Figure(
        "download of 1 GiB through it", "MB/s", speeds[ours], others={"nginx": speeds[theirs]}
    )
    grown = max(0, highest[0] - before) / 2**20
    yield Figure("memory grown in 3 GiB of downloads", "MiB", [grown], limit=16)
    resident = [memory(one)["Rss"] / 2**20 for one in (daemon, nginx)]
    yield Figure("resident memory after that", "MiB", resident[:1], others={"nginx": resident[1:]})


def _swaps(pair: Pair, port: int, first: int, second: int) -> int:
    with under_load(port) as clients:
        for count in range(SWAPS):
            target = f"127.0.0.1:{(second, first)[count % 2]}"
            pair.ours.run("proxy", "add", "--swap", "--name", "site", target)
    return len(failures_of(clients))


def _load(port: int, rate: float | None = None) -> tuple[float, float]:
    """Ask for a while, as fast as can be or so often; return the requests a second and p99."""
    url = f"http://127.0.0.1:{port}/"
    return load(url, SECONDS, connections=CONNECTIONS, rate=rate, cpu=BESIDE)


def _download(port: int) -> float:
    command = ["curl", "-sf", "-o", "/dev/null", "-w", "%{speed_download} %{size_download}"]
    done = subprocess.run(
        _on(BESIDE, [*command, f"http://127.0.0.1:{port}/large"]),
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


@contextmanager
def _nginx(
    program: str, folder: Path, servers: str, cpu: int, port: int
) -> Iterator[Sequence[psutil.Process]]:
    folder.mkdir()
    config = folder / "nginx.conf"
    user = "user root; " if os.geteuid() == 0 else ""  # the folder is its user's alone
    config.write_text(
        f"{user}daemon off; worker_processes 1; pid {folder}/pid; error_log stderr crit;\n"
        "events { worker_connections 2048; }\n"
        "http { access_log off; sendfile on; keepalive_requests 1000000000;"
        f" proxy_temp_path {folder}/proxy; client_body_temp_path {folder}/body;"
        f" fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;"
        f" {servers} }}\n",
        "utf-8",
    )
    nginx = psutil.Popen(_on(cpu, [program, "-c", str(config)]), stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: answers(port), "nginx to answer")
        yield [nginx, *nginx.children()]
    finally:
        family = [*nginx.children(recursive=True), nginx]
        nginx.terminate()
        end(family)
        nginx.wait()


def _on(cpu: int, command: list[str]) -> list[str]:
    return ["taskset", "-c", str(cpu), *command]


def _pin(pid: int, cpu: int) -> None:
    for thread in psutil.Process(pid).threads():
        os.sched_setaffinity(thread.id, {cpu})
