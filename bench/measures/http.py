import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import psutil

from bench.figures import Figure
from bench.load import Load, free_ports, load
from bench.managers import Manager, Pair, sleepers, web_address
from bench.peers import find_python_peers
from bench.system import BenchFailed, end, wait_for

PROCESSES = 100
CONNECTIONS = 8
DURATION = 4.0
ROUNDS = 3

RPC = Path(__file__).parents[1] / "programs" / "rpc.lua"
_RPC_FACTORY = "supervisor.rpcinterface:make_main_rpcinterface"


def measure(pair: Pair, effort: float) -> list[Figure]:
    """Requests per second and p99 with 100 processes, of all three HTTP interfaces."""
    for manager in pair:
        manager.start(sleepers(PROCESSES))
    seconds = DURATION * effort
    ours = web_address(pair.ours)
    with _pm2_interface(pair.theirs) as theirs, _supervisor(pair.ours.home.parent) as other:
        urls = {
            "/api/status": f"{ours}/api/status",
            "/api/processes": f"{ours}/api/processes",
            "PM2": theirs,
            "supervisor": other,
        }
        taken: dict[str, list[Load]] = {name: [] for name in urls}
        for _ in range(ROUNDS):
            for name, url in urls.items():
                script = RPC if name == "supervisor" else None
                taken[name].append(load(url, seconds, connections=CONNECTIONS, script=script))
    return [
        figure for path in ("/api/status", "/api/processes") for figure in _compared(path, taken)
    ]


def _compared(path: str, taken: dict[str, list[Load]]) -> Iterator[Figure]:
    def all_of(name: str, number: int) -> list[float]:
        return [one[number] for one in taken[name]]

    yield Figure(
        path,
        "requests/s",
        all_of(path, 0),
        all_of("PM2", 0),
        target=1,
        more_is_better=True,
        others={"supervisor": all_of("supervisor", 0)},
    )
    yield Figure(
        f"{path}, p99",
        "ms",
        all_of(path, 1),
        all_of("PM2", 1),
        target=1,
        others={"supervisor": all_of("supervisor", 1)},
    )


@contextmanager
def _pm2_interface(pm2: Manager) -> Iterator[str]:
    """Run PM2's own HTTP interface, which is a program beside its daemon."""
    (port,) = free_ports(1)
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
    supervisord = find_python_peers() / "supervisord"
    port, file = free_ports(1)[0], folder / "supervisord.conf"
    sections = [
        f"[supervisord]\nnodaemon=true\nlogfile=/dev/null\nlogfile_maxbytes=0\npidfile={folder}/sv.pid",
        f"[inet_http_server]\nport=127.0.0.1:{port}",
        f"[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory={_RPC_FACTORY}",
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
