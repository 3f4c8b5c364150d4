"""Reverse proxies that the gateway is compared with: each in the foreground, on one processor."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import psutil

from bench.load import answers, free_ports
from bench.peers import find_caddy, find_nginx
from bench.system import BenchFailed, end, wait_for

ITS_CPU, OTHER_CPU = 0, 1
"""The processor that proxies have for themselves, and that of all others."""

NGINX_PROXY = """
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

CADDY_PROXY = """
{{
    admin off
    auto_https off
    default_bind 127.0.0.1
    log {{
        level ERROR
    }}
}}
http://:{port} {{
    reverse_proxy 127.0.0.1:{behind}
}}
"""


class Proxy(NamedTuple):
    """One that listens."""

    port: int
    processes: Sequence[psutil.Process]


@contextmanager
def peers(folder: Path, behind: int) -> Iterator[Mapping[str, Proxy]]:
    """Run each of them in front of a port; what cannot be had is left out, and that is said."""
    with ExitStack() as stack:
        found: dict[str, Proxy] = {}
        for name, start in (("nginx", _nginx_proxy), ("caddy", _caddy)):
            try:
                found[name] = stack.enter_context(start(folder / name, behind))
            except BenchFailed as failure:
                print(f"without {name}: {failure}", file=sys.stderr)
        yield found


@contextmanager
def nginx(folder: Path, servers: str, cpu: int, port: int) -> Iterator[Proxy]:
    """Run nginx with one worker and these servers, until the end of the block."""
    program = str(find_nginx())
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
    with _running([program, "-c", str(config)], cpu, port) as proxy:
        yield proxy


@contextmanager
def _nginx_proxy(folder: Path, behind: int) -> Iterator[Proxy]:
    (port,) = free_ports(1)
    with nginx(folder, NGINX_PROXY.format(port=port, behind=behind), ITS_CPU, port) as proxy:
        yield proxy


@contextmanager
def _caddy(folder: Path, behind: int) -> Iterator[Proxy]:
    program = str(find_caddy())
    (port,) = free_ports(1)
    folder.mkdir()
    config = folder / "Caddyfile"
    config.write_text(CADDY_PROXY.format(port=port, behind=behind), "utf-8")
    command = [program, "run", "--adapter", "caddyfile", "--config", str(config)]
    # What it keeps, it keeps there.
    kept = {name: str(folder) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")}
    with _running(command, ITS_CPU, port, env={**os.environ, **kept}) as proxy:
        yield proxy


@contextmanager
def _running(
    command: Sequence[str], cpu: int, port: int, *, env: Mapping[str, str] | None = None
) -> Iterator[Proxy]:
    process = psutil.Popen(on(cpu, command), env=env, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: _has_ended(process) or answers(port), f"{command[0]} to answer")
        if _has_ended(process):
            raise BenchFailed(f"{command[0]} has ended at once: {' '.join(command)}")
        yield Proxy(port, [process, *process.children()])
    finally:
        if not _has_ended(process):
            family = [*process.children(recursive=True), process]
            process.terminate()
            end(family)
        process.wait()


def _has_ended(process: psutil.Popen) -> bool:
    return process.poll() is not None


def on(cpu: int, command: Sequence[str]) -> list[str]:
    """Word a command so that it has this processor and no other."""
    return ["taskset", "-c", str(cpu), *command]
