"""Where the programs that we are compared with come from."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from bench.system import BenchFailed

PM2_RELEASE = "pm2@7"


def find_ours() -> Path:
    """Find the `pmdaemon` beside this interpreter, or `$PMDAEMON`."""
    chosen = os.environ.get("PMDAEMON")
    found = Path(chosen) if chosen else Path(sys.executable).parent / "pmdaemon"
    if not found.exists():
        raise BenchFailed(f"no pmdaemon at {found}: install it first (make bench does)")
    return found


def find_pm2() -> Path:
    """Find `$PM2`, or the one in our cache folder, installed there by npm the first time.

    Raises:
        BenchFailed: there is none, and npm cannot get it.

    """
    if chosen := os.environ.get("PM2"):
        return Path(chosen)
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = caches / "pmdaemon-bench"
    found = folder / "node_modules" / ".bin" / "pm2"
    if not found.exists():
        _install(folder)
    return found


def _install(folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise BenchFailed("npm is missing; install it, or say where pm2 is by PM2=path")
    print(f"installing {PM2_RELEASE} into {folder}", file=sys.stderr)
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [npm, "install", "--no-fund", "--no-audit", "--prefix", folder, PM2_RELEASE],
        check=False,
    )
    if done.returncode:
        raise BenchFailed(f"npm could not install {PM2_RELEASE}")
