"""What the daemon does when the machine has nothing left to give: room, files, descriptors, pids."""

import os
import re
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest

from pmdaemon.core.errors import PmdaemonError
from tests.chaos import writer
from tests.chaos.seeds import a_seed
from tests.chaos.writers import Writer, check_at_rest, whole_output
from tests.support.daemon import a_daemon, until
from tests.support.waiting import eventually_sync

pytestmark = [pytest.mark.posix, pytest.mark.slow, pytest.mark.timeout(120)]

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")

SLEEPER = {"script": "sleep", "args": ["100000"], "stop_signal": "SIGTERM"}

LOSS = re.compile(rb"(?:(?<!\n)\n)?\[pmdaemon\] (\d+) bytes of output were lost: [^\n]*\n")


@contextmanager
def mounted(folder: Path, size: str):
    folder.mkdir(mode=0o700)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def small_home(tmp_path):
    with mounted(tmp_path / "home", "1M") as home:
        yield home


@pytest.fixture
def writers(tmp_path):
    seed = a_seed()
    return [Writer(tmp_path, f"writer-{n}", seed=seed + n, rate=50.0, crash=0.02) for n in range(4)]


def fill(folder: Path) -> Path:
    """Leave no room."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (4096, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
    return filler


def crash_all(writers):
    """Wait until each program has crashed, and so was started again, some times more."""
    before = [one.crashes() for one in writers]
    eventually_sync(
        lambda: all(one.crashes() > n + 2 for one, n in zip(writers, before, strict=True)),
        within=30.0,
    )


def check_losses(view, lines):
    """See that what is missing in the output was counted, to the byte."""
    expected = b"".join(map(writer.line, range(lines)))
    for file in (view["out_file"], view["error_file"]):
        written = whole_output(file)
        lost = sum(int(match[1]) for match in LOSS.finditer(written))
        there = LOSS.sub(b"", written)
        assert len(there) + lost == len(expected), file


def start_other(daemon, name):
    """Start an app; False where that is refused because nothing can be remembered."""
    try:
        daemon.start_apps({"name": name, **SLEEPER})
    except PmdaemonError as error:
        assert error.code in {"store_full", "store_unavailable", "operation_failed"}, error
        return False
    return True


@needs_root
def test_a_full_disk_stops_no_program_and_what_is_lost_is_said(small_home, writers):
    with a_daemon(small_home) as daemon:
        daemon.start_apps(*(one.app(log_max_size="10M") for one in writers))
        until(lambda: all(one.notes() for one in writers))
        acknowledged = {"before"} if start_other(daemon, "before") else set()

        filler = fill(small_home)
        crash_all(writers)
        if start_other(daemon, "during"):
            acknowledged.add("during")
        filler.unlink()

        until(lambda: start_other(daemon, "after"))
        views = check_at_rest(daemon, writers)
        others = {name for name in views if not name.startswith("writer")}
        assert others == acknowledged | {"after"}
        daemon.request("stop", {"selectors": [one.name for one in writers]})
        for one in writers:
            eventually_sync(
                lambda v=views[one.name]: (
                    b"bytes of output were lost" in whole_output(v["out_file"])
                )
            )
            check_losses(views[one.name], one.notes()[-1].lines)
        daemon.kill()
        until(daemon.is_up)
        assert {name: one["restarts"] for name, one in daemon.processes().items()} == {
            name: one["restarts"] for name, one in views.items()
        }
