"""Where the programs that we are compared with come from.

What is not installed is got into a cache folder, the first time: PM2 from npm, supervisor and
circus from PyPI, runit, nginx, caddy and wrk from Debian, which takes no root.
"""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from bench.managers import Contender, Maker
from bench.others import Circus, Foreground, Runit, Supervisor
from bench.system import BenchFailed

PM2_RELEASE = "pm2@7"
PYTHON_RELEASES = ("supervisor==4.*", "circus==0.19.*")


class ToolMissing(BenchFailed):
    """A program that a measure cannot do without is not there, and cannot be got."""


def find_ours() -> Path:
    """Find the `pmdaemon` beside this interpreter, or `$PMDAEMON`."""
    chosen = os.environ.get("PMDAEMON")
    found = Path(chosen) if chosen else Path(sys.executable).parent / "pmdaemon"
    if not found.exists():
        raise BenchFailed(f"no pmdaemon at {found}: install it first (make bench does)")
    return found


def find_pm2() -> Path:
    """Find `$PM2`, or the one in our cache folder.

    Raises:
        BenchFailed: there is none, and npm cannot get it.

    """
    if chosen := os.environ.get("PM2"):
        return Path(chosen)
    folder = _cache()
    found = folder / "node_modules" / ".bin" / "pm2"
    if not found.exists():
        npm = find_tool("npm")
        _install(PM2_RELEASE, [npm, "install", "--no-fund", "--no-audit", PM2_RELEASE], folder)
    return found


def find_others() -> list[Maker]:
    """Find supervisor, circus and runit; what cannot be had is left out, and that is said."""
    wanted: list[tuple[str, type[Foreground], Callable[[], Path]]] = [
        ("supervisor", Supervisor, find_python_peers),
        ("circus", Circus, find_python_peers),
        ("runit", Runit, find_runit),
    ]
    found: list[Maker] = []
    for name, make, find in wanted:
        try:
            found.append(partial(_made, make, name, find()))
        except BenchFailed as failure:
            print(f"without {name}: {failure}", file=sys.stderr)
    return found


def find_python_peers() -> Path:
    """Find the folder with `supervisord` and `circusd`, which run by our interpreter.

    Raises:
        BenchFailed: they cannot be got.

    """
    folder = _cache() / "python"
    if not (folder / "bin" / "circusd").exists():
        _install("a virtual environment", [sys.executable, "-m", "venv", str(folder)], _cache())
        pip = str(folder / "bin" / "pip")
        _install("supervisor and circus", [pip, "install", "-q", *PYTHON_RELEASES], _cache())
    return folder / "bin"


def find_runit() -> Path:
    """Find the folder with `runsvdir` and its like.

    Raises:
        ToolMissing: there is none, and it cannot be got.

    """
    return _find_debian("runit", "runsvdir").parent


def find_caddy() -> Path:
    """Find `caddy`.

    Raises:
        ToolMissing: there is none, and it cannot be got.

    """
    return _find_debian("caddy", "caddy")


def find_nginx() -> Path:
    """Find `nginx`.

    Raises:
        ToolMissing: there is none, and it cannot be got.

    """
    return _find_debian("nginx", "nginx")


def find_wrk() -> Path:
    """Find `wrk`, which asks for what is measured over HTTP.

    Raises:
        ToolMissing: there is none, and it cannot be got.

    """
    return _find_debian("wrk", "wrk")


def find_tool(name: str) -> str:
    """Find a program that has to be installed.

    Raises:
        ToolMissing: it is not.

    """
    found = shutil.which(name, path=_path())
    if found is None:
        raise ToolMissing(f"{name} is missing; install it")
    return found


def _made(make: type[Foreground], name: str, folder: Path, home: Path) -> Contender:
    return make(name, home, folder)


def _find_debian(name: str, program: str) -> Path:
    """Find a program: that of the system, or of Debian's package.

    The package and its libraries are only taken apart, which takes no root and starts nothing.
    """
    if (installed := shutil.which(program, path=_path())) is not None:
        return Path(installed)
    folder = _cache() / name
    if not (folder / "complete").exists():
        try:
            _install(name, [find_tool("apt-get"), "download", name, *_libraries(name)], folder)
            for package in folder.glob("*.deb"):
                _install(package.name, [find_tool("dpkg"), "-x", str(package), "."], folder)
        except BenchFailed as failure:
            raise ToolMissing(str(failure)) from failure
        (folder / "complete").touch()
    found = next(folder.glob(f"usr/*bin/{program}"))
    return _with_libraries(found, folder) if any(folder.rglob("*.so.*")) else found


def _libraries(package: str) -> Sequence[str]:
    """Name the libraries a Debian package wants; the C library is that of the system."""
    command = [find_tool("apt-cache"), "depends", "--important", package]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    wanted = [line.split()[-1] for line in said.splitlines() if line.startswith("  Depends:")]
    return [name for name in wanted if "lib" in name.split("-")[0] and name != "libc6"]


def _with_libraries(program: Path, folder: Path) -> Path:
    """Write a script that runs a program with the libraries in this folder."""
    libraries = ":".join(sorted({str(path.parent) for path in folder.rglob("*.so.*")}))
    line = f"LD_LIBRARY_PATH={shlex.quote(libraries)} exec {shlex.quote(str(program))}"
    script = folder / program.name
    script.write_text(f'#!/bin/sh\n{line} "$@"\n', "utf-8")
    script.chmod(0o700)
    return script


def _path() -> str:
    return f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin"


def _cache() -> Path:
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return caches / "pmdaemon-bench"


def _install(what: str, command: Sequence[str], folder: Path) -> None:
    print(f"installing {what} into {folder}", file=sys.stderr)
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(command, cwd=folder, check=False, stdout=sys.stderr)
    if done.returncode:
        raise BenchFailed(f"{command[0]} could not install {what}")
