"""Repositories as people have them, each built and run by its own tools, which are fetched nothing.

A tool that is not installed skips its test. All of them share a daemon, and nothing else.
"""

import http.client
import json
import shutil
import subprocess
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.building import a_commit, a_repository
from tests.support.cli import a_home
from tests.support.ports import free_port
from tests.support.waiting import eventually_sync

pytestmark = [pytest.mark.posix, pytest.mark.slow]

NODE_SERVER = """
const {hello} = require('greet');
require('http').createServer((request, response) => response.end(hello))
  .listen(process.env.PORT, '127.0.0.1');
"""

PYTHON_SERVER = """
import http.server, os, greet
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(greet.hello.encode())
    def log_message(self, *_):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""

RUBY_SERVER = """
require 'socket'
require 'greet'
server = TCPServer.new('127.0.0.1', ENV['PORT'].to_i)
loop do
  connection = server.accept
  next connection.close unless connection.gets
  nil until ["\\r\\n", nil].include?(connection.gets)
  connection.write("HTTP/1.1 200 OK\\r\\nContent-Length: 5\\r\\n\\r\\n#{HELLO}")
  connection.close
end
"""

GO_SERVER = """
package main

import (
	"bufio"
	"net"
	"os"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Getenv("PORT"))
	for err == nil {
		connection, failure := listener.Accept()
		err = failure
		reader := bufio.NewReader(connection)
		for line, e := reader.ReadString('\\n'); e == nil; line, e = reader.ReadString('\\n') {
			if line == "\\r\\n" {
				connection.Write([]byte("HTTP/1.1 200 OK\\r\\nContent-Length: 5\\r\\n\\r\\nhello"))
				break
			}
		}
		connection.Close()
	}
}
"""

RUST_SERVER = r"""
use std::io::{BufRead, BufReader, Write};

fn main() {
    let port = std::env::var("PORT").unwrap();
    let listener = std::net::TcpListener::bind(format!("127.0.0.1:{port}")).unwrap();
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        while matches!(lines.next(), Some(Ok(line)) if !line.is_empty()) {}
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    }
}
"""

GREET = {
    "package.json": '{"name": "greet", "version": "1.0.0", "main": "greet.js", "bin": "said.js"}',
    "greet.js": "exports.hello = 'hello';",
    "said.js": "#!/usr/bin/env node\nrequire('fs').writeFileSync('built', 'yes');\n",
}
"""A package of Node, which is in the repository itself, with a program that a build calls."""

NODE = {
    "package.json": json.dumps(
        {
            "name": "shop",
            "version": "1.0.0",
            "scripts": {"start": "node server.js", "build": "greet"},
            "dependencies": {"greet": "file:greet"},
        }
    ),
    "server.js": NODE_SERVER,
    **{f"greet/{name}": text for name, text in GREET.items()},
}

WHEEL = "greet-1.0-py3-none-any.whl"

CARGO = """
[package]
name = "shop"
version = "0.1.0"
edition = "2021"

[profile.release]
opt-level = 0
"""


class Platform:
    """A home with a gateway, and checkouts beside it."""

    def __init__(self, pmdaemon, folder: Path) -> None:
        self.pmdaemon = pmdaemon
        self.folder = folder
        self.port = free_port()
        pmdaemon.run("proxy", "on", "--host", "127.0.0.1", "--http", str(self.port))

    def has(self, program: str) -> bool:
        return shutil.which(program, path=self.pmdaemon.environment["PATH"]) is not None

    def needs(self, *programs: str) -> None:
        for program in programs:
            if not self.has(program):
                pytest.skip(f"{program} is not installed")

    def checkout(self, name: str, files: dict[str, str]) -> Path:
        a_repository(self.folder / name, files)
        return self.folder / name

    def prepare(self, checkout: Path, *words: str) -> None:
        """Have a tool of the developer's write its lock file, without a network, and commit it."""
        done = subprocess.run(
            words,
            cwd=checkout,
            env={**self.pmdaemon.environment, "HOME": str(self.folder)},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            pytest.skip(f"{' '.join(words)} does not work here: {done.stderr[-300:]}")
        a_commit(checkout, {".gitignore": "node_modules\n.venv\n"}, "Lock")

    def deploy(self, checkout: Path) -> str:
        """Deploy, and return the log."""
        return self.pmdaemon.run("deploy", cwd=checkout).out

    def get(self, name: str) -> bytes:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            connection.request("GET", "/", headers={"Host": f"{name}.localhost"})
            return connection.getresponse().read()


@pytest.fixture(scope="module")
def platform(tmp_path_factory):
    folder = tmp_path_factory.mktemp("toolchains")
    rustup = Path.home() / ".rustup"
    with a_home(folder) as pmdaemon:
        if rustup.is_dir():  # the home of whoever runs the tests is not that of the daemon
            pmdaemon.environment["RUSTUP_HOME"] = str(rustup)
        yield Platform(pmdaemon, folder)


def a_wheel(folder: Path) -> None:
    """Make a package of Python that pip need not build."""
    with zipfile.ZipFile(folder / WHEEL, "w") as wheel:
        wheel.writestr("greet.py", "hello = 'hello'\n")
        wheel.writestr(
            "greet-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: greet\nVersion: 1.0\n"
        )
        wheel.writestr(
            "greet-1.0.dist-info/WHEEL",
            "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        wheel.writestr("greet-1.0.dist-info/RECORD", "")


@pytest.mark.parametrize(
    ("manager", "lock", "installs"),
    [
        ("npm", ["npm", "install", "--package-lock-only", "--offline"], "npm ci"),
        ("pnpm", ["pnpm", "install", "--lockfile-only", "--offline"], "pnpm install --frozen-lock"),
        ("yarn", ["yarn", "install", "--offline"], "yarn install --frozen-lockfile"),
        ("bun", ["bun", "install", "--lockfile-only"], "bun install --frozen-lockfile"),
    ],
)
def test_node_with_each_manager(platform, manager, lock, installs):
    platform.needs(manager, "node")
    checkout = platform.checkout(manager, NODE)
    platform.prepare(checkout, *lock)

    log = platform.deploy(checkout)

    assert f"$ {installs}" in log
    assert platform.get(manager) == b"hello"


def test_python_with_uv(platform):
    platform.needs("uv")
    checkout = platform.folder / "uv"
    checkout.mkdir()
    a_wheel(checkout)
    project = (
        '[project]\nname = "shop"\nversion = "1"\nrequires-python = ">=3.11"\n'
        f'dependencies = ["greet"]\n[tool.uv.sources]\ngreet = {{path = "{WHEEL}"}}\n'
    )
    a_repository(checkout, {"pyproject.toml": project, "main.py": PYTHON_SERVER})
    platform.prepare(checkout, "uv", "lock", "--offline")

    log = platform.deploy(checkout)

    assert "$ uv sync --frozen --no-dev" in log
    assert platform.get("uv") == b"hello"


def test_ruby_with_bundler(platform):
    platform.needs("ruby", "bundle")
    gemspec = "Gem::Specification.new { |s| s.name = 'greet'; s.version = '1'; s.summary = 'x'\n"
    checkout = platform.checkout(
        "ruby",
        {
            "Gemfile": "gem 'greet', path: 'greet'\n",
            "app.rb": RUBY_SERVER,
            "greet/greet.gemspec": f"{gemspec}  s.authors = ['x']; s.files = ['lib/greet.rb'] }}\n",
            "greet/lib/greet.rb": "HELLO = 'hello'\n",
        },
    )

    log = platform.deploy(checkout)

    assert "$ bundle install" in log
    assert platform.get("ruby") == b"hello"


def test_php(platform):
    platform.needs("php")
    platform.deploy(platform.checkout("php", {"public/index.php": "<?php echo 'hello';"}))

    assert platform.get("php") == b"hello"


def test_go(platform):
    platform.needs("go")
    files = {"go.mod": "module shop\n\ngo 1.19\n", "cmd/server/main.go": GO_SERVER}

    log = platform.deploy(platform.checkout("go", files))

    assert "$ go build -o .bin/app ./cmd/server" in log
    assert platform.get("go") == b"hello"


def test_rust(platform):
    platform.needs("cargo")
    checkout = platform.checkout("rust", {"Cargo.toml": CARGO, "src/main.rs": RUST_SERVER})

    platform.deploy(checkout)

    assert platform.get("rust") == b"hello"
    (release,) = (platform.pmdaemon.home / "projects").glob("*/releases/*/Cargo.toml")
    assert not (release.parent / "target").exists()


def test_all_that_a_procfile_names(platform):
    procfile = (
        "web: python3 main.py\nworker: sleep 1000\n"
        "release: echo hello > $SHARED_DIR/hello\ncron_night: 0 3 * * * true\n"
    )
    server = PYTHON_SERVER.replace(", greet", "").replace(
        "greet.hello", "open(os.environ['SHARED_DIR'] + '/hello').read().strip()"
    )

    platform.deploy(platform.checkout("proc", {"Procfile": procfile, "main.py": server}))

    assert platform.get("proc") == b"hello"
    states = {one["name"]: one["state"] for one in platform.pmdaemon.list()}
    assert states["proc@1.worker"] == "online"
    assert states["proc@1.cron_night"] == "stopped"


def test_a_tool_that_is_missing_is_named_with_how_to_have_it(platform):
    checkout = platform.checkout("missing", NODE)
    a_commit(checkout, {"pnpm-lock.yaml": "lockfileVersion: '9.0'\n"}, "Lock")
    if platform.has("pnpm"):
        pytest.skip("pnpm is installed")

    failed = platform.pmdaemon.run("deploy", cwd=checkout, status=1)

    assert failed.err == (
        "pmdaemon: deployment 1 of missing failed: install failed: pnpm is not installed here,"
        " or not in the PATH of the daemon (to have it: npm install --global pnpm)\n"
    )
    eventually_sync(lambda: not [p for p in platform.pmdaemon.list() if "missing" in p["name"]])
