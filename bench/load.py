"""Asking by HTTP as fast as one is answered, with wrk."""

import os
import re
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from bench.peers import find_wrk
from bench.system import REAL_TIME, BenchFailed

PACED = Path(__file__).parent / "programs" / "paced.lua"
"""Has each connection wait between its requests."""

_RATE = re.compile(r"Requests/sec:\s+([0-9.]+)")
_COUNT = re.compile(r"([0-9]+) requests in")
_P99 = re.compile(r"99%\s+([0-9.]+)(us|ms|s)")
_MILLISECONDS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


class Load(NamedTuple):
    """What was answered: requests a second, how long the slowest hundredth took in ms, how many."""

    rate: float
    p99: float
    requests: int


def load(
    url: str,
    seconds: float,
    *,
    connections: int,
    script: Path | None = None,
    rate: float | None = None,
    cpu: int | None = None,
    real_time: bool = False,
) -> Load:
    """Ask over so many connections for a while.

    Args:
        url: what is asked for.
        seconds: for how long.
        connections: how many there are.
        script: what says to wrk what to ask.
        rate: how many requests a second there are to be, if not as many as are answered.
        cpu: the processor to do that on.
        real_time: whether to do that at the priority of `bench.system.at_real_time`.

    Raises:
        BenchFailed: wrk is missing, or an answer was no 2xx.

    """
    options: list[str] = ["-s", str(script)] if script is not None else []
    lasting = f"-d{max(1, round(seconds))}s"
    env = dict(os.environ)
    if rate is not None:
        options += ["-s", str(PACED)]
        env["PACE_MS"] = str(max(1, round(connections / rate * 1000)))
    command = [str(find_wrk()), "-t1", f"-c{connections}", lasting, "--latency", *options, url]
    if cpu is not None:
        command = ["taskset", "-c", str(cpu), *command]
    if real_time:
        command = ["chrt", "--rr", str(REAL_TIME), *command]
    said = subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout
    reached, p99, count = _RATE.search(said), _P99.search(said), _COUNT.search(said)
    if reached is None or p99 is None or count is None or "Non-2xx" in said:
        raise BenchFailed(f"wrk {url}: {said}")
    return Load(float(reached[1]), float(p99[1]) * _MILLISECONDS[p99[2]], int(count[1]))


def free_ports(count: int) -> Sequence[int]:
    """Find TCP ports that nobody listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports


def answers(port: int) -> bool:
    """Whether somebody takes connections."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True
