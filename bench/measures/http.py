import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import psutil

from bench.figures import Figure
from bench.managers import Manager, Pair, sleepers
from bench.system import BenchFailed, end, wait_for

PROCESSES = 100
CONNECTIONS = 8
DURATION = 8.0
ROUNDS = 3

_RATE = re.compile(r"Requests/sec:\s+([0-9.]+)")
_P99 = re.compile(r"99%\s+([0-9.]+)(us|ms|s)")
_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


_RPC = "supervisor.rpcinterface:make_main_rpcinterface"


def measure(pair: Pair, effort: float) -> list[Figure]:
    """Requests a second, and p99, with 100 processes; beside PM2's interface and supervisor's."""
    for manager in pair:
        manager.start(sleepers(PROCESSES))
    seconds = max(1, round(DURATION * effort / 2))
    ours = pair.ours.run("web", "--detach", "--port", "0", "--rate-limit", "off").split()[5]
    with _pm2_interface(pair.theirs) as theirs, _supervisor(pair.ours.home.parent) as other:
        urls = {
            "/api/status": f"{ours}/api/status",
            "/api/processes": f"{ours}/api/processes",
            "PM2": theirs,
            "supervisor": other,
        }
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name in urls}
        for _ in range(ROUNDS):
            for name, url in urls.items():
                taken[name].append(_load(url, seconds, rpc=name == "supervisor"))
    return [
        figure for path in ("/api/status", "/api/processes") for figure in _compared(path, taken)
    ]


def _compared(path: str, taken: dict[str, list[tuple[float, float]]]) -> Iterator[Figure]:
    rates, slowest = zip(*taken[path], strict=True)
    for other in ("PM2", "supervisor"):
        theirs, their_slowest = zip(*taken[other], strict=True)
        beside = "" if other == "PM2" else " beside supervisor"
        yield Figure(f"{path}{beside}", "requests/s", rates, theirs, target=1, more_is_better=True)
        yield Figure(f"the same, p99{beside}", "ms", slowest, their_slowest, target=1)


def _load(url: str, seconds: int, *, rpc: bool) -> tuple[float, float]:
    """Ask over eight connections for a while; return the requests a second, and the p99 in ms."""
    wrk = shutil.which("wrk")
    if wrk is None:
        raise BenchFailed("wrk is missing; install it")
    script = ["-s", str(Path(__file__).parent.parent / "programs" / "rpc.lua")] if rpc else []
    command = [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", *script, url]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rate, p99 = _RATE.search(said), _P99.search(said)
    if rate is None or p99 is None or "Non-2xx" in said:
        raise BenchFailed(f"wrk {url}: {said}")
    return float(rate[1]), float(p99[1]) * _UNITS[p99[2]]


@contextmanager
def _pm2_interface(pm2: Manager) -> Iterator[str]:
    """Run PM2's own HTTP interface, which is a program beside its daemon."""
    port = _free_port()
    interface = pm2.executable.resolve().parent.parent / "lib" / "HttpInterface.js"
    environment = {
        **os.environ,
        "PM2_HOME": str(pm2.home),
        "PM2_API_PORT": str(port),
        "PM2_WEB_STRIP_ENV_VARS": "true",
    }
    with _running(["node", str(interface)], environment):
        url = f"http://127.0.0.1:{port}/"
        wait_for(lambda: _answers(url), "PM2's HTTP interface")
        with urlopen(url) as answer:
            count = len(json.load(answer)["processes"])
        if count != PROCESSES:
            raise BenchFailed(f"PM2 shows {count} processes")
        yield url


@contextmanager
def _supervisor(folder: Path) -> Iterator[str]:
    supervisord = Path(sys.executable).parent / "supervisord"
    if not supervisord.exists():
        raise BenchFailed(f"no supervisord at {supervisord}: install it first (make bench does)")
    port, file = _free_port(), folder / "supervisord.conf"
    sections = [
        f"[supervisord]\nnodaemon=true\nlogfile=/dev/null\nlogfile_maxbytes=0\npidfile={folder}/sv.pid",
        f"[inet_http_server]\nport=127.0.0.1:{port}",
        f"[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory={_RPC}",
        *(
            f"[program:{app['name']}]\ncommand={app['script']} {app['args']}\n"
            "stdout_logfile=NONE\nstderr_logfile=NONE"
            for app in sleepers(PROCESSES)
        ),
    ]
    file.write_text("\n".join(sections) + "\n", "utf-8")
    with _running([str(supervisord), "-c", str(file)], dict(os.environ)) as supervisor:
        wait_for(lambda: len(supervisor.children()) == PROCESSES, "supervisor to start everything")
        yield f"http://127.0.0.1:{port}/RPC2"


@contextmanager
def _running(command: list[str], environment: dict[str, str]) -> Iterator[psutil.Process]:
    process = psutil.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        family = [*process.children(recursive=True), process]
        process.terminate()
        end(family)
        process.wait()


def _answers(url: str) -> bool:
    try:
        with urlopen(url) as answer:
            return bool(answer.status == 200)
    except OSError:
        time.sleep(0.05)
        return False


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
