import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from bench.figures import Figure
from bench.load import Load, answers, free_ports, load
from bench.managers import Pair
from bench.peers import find_tool
from bench.system import BenchFailed, end, wait_for

CONNECTIONS = 32
DURATION = 5.0
ROUNDS = 3
HOST = "hello.localhost"

NGINX = """\
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  upstream hello {{ server 127.0.0.1:{target}; keepalive 64; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://hello; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header Host $host; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    }}
  }}
}}
"""


def measure(pair: Pair, effort: float) -> list[Figure]:
    """The proxy before a Node hello-world, beside nginx with one worker, and beside no proxy."""
    target, own_port, their_port = free_ports(3)
    program = Path(__file__).parents[1] / "programs" / "hello.js"
    ours = pair.ours
    ours.start([{"name": "hello", "script": str(program), "args": str(target)}])
    wait_for(lambda: answers(target), "the program to listen")
    ours.run("proxy", "on", "--http", str(own_port))
    ours.run("proxy", "add", HOST, f"127.0.0.1:{target}")
    ports = {"bare": target, "ours": own_port}
    with _nginx(ours.home.parent, their_port, target) as is_there:
        if is_there:
            ports["nginx"] = their_port
        taken: dict[str, list[Load]] = {name: [] for name in ports}
        for _ in range(ROUNDS):
            for name, port in ports.items():
                url = f"http://127.0.0.1:{port}/"
                one = load(url, DURATION * effort, connections=CONNECTIONS, host=HOST)
                taken[name].append(one)
    return [*_compared(taken)]


def _compared(taken: dict[str, list[Load]]) -> Iterator[Figure]:
    nginx, bare = taken.get("nginx", []), taken["bare"]
    for what, unit, number in (("through the proxy", "requests/s", 0), ("the same, p99", "ms", 1)):
        yield Figure(
            what,
            unit,
            [one[number] for one in taken["ours"]],
            others={"nginx": [one[number] for one in nginx]},
        )
        yield Figure(f"{what}, with no proxy between", unit, [one[number] for one in bare])


@contextmanager
def _nginx(folder: Path, port: int, target: int) -> Iterator[bool]:
    """Run nginx, if it is installed."""
    try:
        nginx = find_tool("nginx")
    except BenchFailed as failure:
        print(f"  without nginx: {failure}", file=sys.stderr)
        yield False
        return
    home = folder / "nginx"
    home.mkdir()
    file = home / "nginx.conf"
    file.write_text(NGINX.format(folder=home, port=port, target=target), "utf-8")
    quiet = subprocess.DEVNULL
    process = psutil.Popen([nginx, "-p", str(home), "-c", str(file)], stdout=quiet, stderr=quiet)
    try:
        wait_for(lambda: answers(port), "nginx to listen")
        yield True
    finally:
        family = [*process.children(recursive=True), process]
        process.terminate()
        process.wait()
        end(family)
        shutil.rmtree(home, ignore_errors=True)
