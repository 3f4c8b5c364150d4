import os
import re
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

from bench.figures import Figure, percentile
from bench.managers import Pair
from bench.system import BenchFailed, end, memory, wait_for
from tests.support.http_clients import failures_of, under_load

CONNECTIONS = 32
SECONDS = 5
ROUNDS = 3
SWAPS = 6
GIB = 2**30
OURS, BESIDE = 0, 1
"""The processor that proxies have for themselves, and that of all others."""

PACED = Path(__file__).parents[1] / "programs" / "paced.lua"

_RATE = re.compile(r"Requests/sec:\s+([0-9.]+)")
_P99 = re.compile(r"99%\s+([0-9.]+)(us|ms|s)")
_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}

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
    """The proxy beside nginx, one processor each, the same upstream: rate, p99, memory, swaps."""
    if any(shutil.which(one) is None for one in ("nginx", "wrk", "curl")) or os.cpu_count() == 1:
        return []
    folder = pair.ours.home.parent
    first, second, theirs, ours = (_free_port() for _ in range(4))
    upstreams = "".join(UPSTREAM.format(port=port, folder=folder) for port in (first, second))
    with (folder / "large").open("wb") as large:
        large.truncate(GIB)
    with (
        _nginx(folder / "upstream", upstreams, BESIDE, first),
        _nginx(folder / "proxy", PROXY.format(port=theirs, behind=first), OURS, theirs) as nginx,
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
            pace = CONNECTIONS / (percentile(rates[ours], 50) / 2) * 1000
            through, past = _load(port, pace)[1], _load(direct, pace)[1]
            taken.append(max(0.0, through - past))
    yield Figure(
        "requests through the proxy, beside nginx", "/s", rates[ours], rates[theirs], floor=4000
    )
    yield Figure(
        "p99 added at half of that load, beside nginx", "ms", added[ours], added[theirs], limit=3
    )


def _downloads(
    ours: int, theirs: int, daemon: Sequence[psutil.Process], nginx: Sequence[psutil.Process]
) -> Iterator[Figure]:
    speeds: dict[int, list[float]] = {ours: [], theirs: []}
    before = memory(daemon)["Rss"]
    with _highest_memory(daemon) as highest:
        for _ in range(ROUNDS):
            for port, taken in speeds.items():
                taken.append(_download(port))
    yield Figure("download of 1 GiB, beside nginx", "MB/s", speeds[ours], speeds[theirs])
    grown = max(0, highest[0] - before) / 2**20
    yield Figure("memory grown in 3 GiB of that", "MiB", [grown], limit=16)
    resident = [memory(one)["Rss"] / 2**20 for one in (daemon, nginx)]
    yield Figure("resident memory after all, beside nginx", "MiB", resident[:1], resident[1:])


def _swaps(pair: Pair, port: int, first: int, second: int) -> int:
    with under_load(port) as clients:
        for count in range(SWAPS):
            target = f"127.0.0.1:{(second, first)[count % 2]}"
            pair.ours.run("proxy", "add", "--swap", "--name", "site", target)
    return len(failures_of(clients))


def _load(port: int, pace: float | None = None) -> tuple[float, float]:
    """Ask for a while, as fast as can be or at a pace; return the requests a second and p99."""
    script = ["-s", str(PACED)] if pace is not None else []
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "--latency", *script]
    env = {**os.environ, "PACE_MS": str(max(1, round(pace or 1)))}
    done = subprocess.run(
        _on(BESIDE, [*command, f"http://127.0.0.1:{port}/"]),
        env=env, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    rate, p99 = _RATE.search(done), _P99.search(done)
    if rate is None or p99 is None or "Non-2xx" in done:
        raise BenchFailed(f"wrk at port {port}: {done}")
    return float(rate[1]), float(p99[1]) * _UNITS[p99[2]]


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
def _nginx(folder: Path, servers: str, cpu: int, port: int) -> Iterator[Sequence[psutil.Process]]:
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
    nginx = psutil.Popen(_on(cpu, ["nginx", "-c", str(config)]), stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: _answers(port), "nginx to answer")
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


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
