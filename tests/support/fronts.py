"""Programs that stand in front of ours, which not every machine has."""

import subprocess
from pathlib import Path

from tests.support.machine import installed

_NGINX = """
daemon off;
worker_processes 1;
error_log stderr;
pid {folder}/nginx.pid;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {shown}
}}
"""


def nginx(folder: Path, shown: str) -> "subprocess.Popen[bytes]":
    """Begin nginx with this in its `http` block; who began it ends it."""
    config = folder / "nginx.conf"
    config.write_text(_NGINX.format(folder=folder, shown=shown))
    words = [installed("nginx"), "-e", "stderr", "-c", str(config)]
    return subprocess.Popen(words, process_group=0)
