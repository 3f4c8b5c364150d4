"""What happens where the machine has nothing left to give: room, files, descriptors, pids."""

import os
import re
import resource
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest

from pmdaemon.core.errors import PmdaemonError
from tests.chaos import writer
from tests.chaos.seeds import a_seed
from tests.chaos.writers import Writer, check_at_rest, check_output, whole_output
from tests.support.daemon import a_daemon, until
from tests.support.limits import limited
from tests.support.waiting import eventually_sync

pytestmark = [pytest.mark.posix, pytest.mark.slow]

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")

SLEEPER = {"script": "sleep", "args": ["100000"], "stop_signal": "SIGTERM"}

LOSS = re.compile(rb"\[pmdaemon\] (\d+) bytes of output were lost: [^\n]*\n")


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
    return [
        Writer(tmp_path, f"writer-{n}", seed=seed + n, rate=200.0, crash=0.005) for n in range(4)
    ]


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
        lambda: all(one.crashes() > n + 2 for one, n in zip(writers, before, strict=True))
    )


def check_losses(view, lines):
    """See that what is missing in the output is said there, to the byte; return how much it is.

    What says it begins a line of its own, so there may be a newline more than was written.
    """
    size = sum(len(writer.line(number)) for number in range(lines))

    def told(file):
        written = whole_output(file)
        losses = [int(one) for one in LOSS.findall(written)]
        newlines = len(LOSS.sub(b"", written)) + sum(losses) - size
        return sum(losses) if 0 <= newlines <= len(losses) else None

    files = [view["out_file"], view["error_file"]]
    eventually_sync(lambda: None not in map(told, files))
    return sum(map(told, files))


def start_other(daemon, name):
    """Start an app; False where that is refused because nothing can be remembered."""
    try:
        daemon.start_apps({"name": name, **SLEEPER})
    except PmdaemonError as error:
        if error.code not in {"store_full", "store_unavailable", "operation_failed"}:
            raise
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
        losses = [check_losses(views[one.name], one.notes()[-1].lines) for one in writers]
        assert sum(losses) > 0
        daemon.kill()
        until(daemon.is_up)
        assert {name: one["restarts"] for name, one in daemon.processes().items()} == {
            name: one["restarts"] for name, one in views.items()
        }


@pytest.fixture
def disk_home(tmp_path):
    """Give a home on a file system of its own, which can be made read-only."""
    home, image = tmp_path / "home", tmp_path / "image"
    home.mkdir(mode=0o700)
    image.write_bytes(b"")
    os.truncate(image, 32 * 1024 * 1024)
    make = ["mkfs.ext4", "-q", "-F", str(image)]
    mount = ["mount", "-o", "loop,errors=remount-ro", str(image), str(home)]
    if any(
        subprocess.run(one, capture_output=True, check=False).returncode for one in (make, mount)
    ):
        pytest.skip("no file system can be made and mounted here")
    os.chmod(home, 0o700)
    subprocess.run(["rmdir", str(home / "lost+found")], check=True)
    try:
        yield home
    finally:
        subprocess.run(["umount", "-l", str(home)], check=True)


def remount(home, how):
    subprocess.run(["mount", "-o", f"remount,{how}", str(home)], check=True)


@needs_root
def test_a_home_that_is_read_only_for_a_while_keeps_its_programs(disk_home, tmp_path):
    # None that crashes: what it wrote last would be gone with it, as nobody holds its pipe.
    writers = [Writer(tmp_path, f"w-{n}", seed=n, rate=50.0, crash=0.0) for n in range(4)]
    with a_daemon(disk_home) as daemon:
        daemon.start_apps(*(one.app() for one in writers))
        until(lambda: all(one.notes() for one in writers))
        daemon.kill_both()  # which hold files open for writing
        programs = daemon.programs()

        remount(disk_home, "ro")
        with pytest.raises(PmdaemonError, match="not writable"):
            daemon.request("ping")
        assert daemon.programs() <= programs
        remount(disk_home, "rw")

        until(daemon.is_up)
        check_at_rest(daemon, writers)
        check_output(daemon, writers)


@needs_root
def test_a_disk_that_fails_under_the_daemon_stops_no_program(disk_home, writers):
    device = subprocess.run(
        ["findmnt", "-no", "SOURCE", str(disk_home)], capture_output=True, text=True, check=True
    ).stdout.strip()
    trigger = Path("/sys/fs/ext4") / Path(device).name / "trigger_fs_error"
    if not trigger.exists():
        pytest.skip("this kernel has no way to make a file system fail")
    with a_daemon(disk_home) as daemon:
        daemon.start_apps(*(one.app() for one in writers))
        until(lambda: all(one.notes() for one in writers))

        trigger.write_text("test")
        crash_all(writers)

        assert not start_other(daemon, "refused")
        views = check_at_rest(daemon, writers)
        assert set(views) == {one.name for one in writers}
        # That all is to be down cannot be remembered, which is said, and done all the same.
        with pytest.raises(PmdaemonError, match="cannot use the store"):
            daemon.request("kill")
        eventually_sync(lambda: not daemon.everything())


def limit(daemon, soft):
    """Let the daemon open so many files, and no more."""
    hard = resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE)[1]
    resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, (soft, hard))


def test_a_daemon_with_sixty_four_descriptors_keeps_what_runs_and_says_what_it_lost(tmp_path):
    writers = [Writer(tmp_path, f"writer-{n}", seed=n, rate=50.0, crash=0.0) for n in range(4)]
    with a_daemon(tmp_path / "home") as daemon:
        daemon.start_apps(*(one.app() for one in writers))
        until(lambda: all(one.notes() for one in writers))
        before = {name: one["pid"] for name, one in daemon.processes().items()}

        limit(daemon, 64)
        with pytest.raises(PmdaemonError, match="trying again every 1 s"):
            daemon.request("start", a_crowd(40))
        until(lambda: "backoff" in {one["state"] for one in daemon.processes().values()})
        limit(daemon, 4096)

        until(lambda: {one["state"] for one in daemon.processes().values()} == {"online"})
        assert before.items() <= {n: one["pid"] for n, one in daemon.processes().items()}.items()
        views = check_at_rest(daemon, writers)
        daemon.request("stop", {"selectors": list(before)})
        for one in writers:
            check_losses(views[one.name], one.notes()[-1].lines)


def test_a_keeper_with_few_descriptors_keeps_the_output_of_many_programs(tmp_path):
    """It takes two a program, so it raises its own limit; programs get the one of before."""
    # This process has descriptors of its own, and goes by the limit as well.
    few = 256 + len(os.listdir("/proc/self/fd"))
    with limited(resource.RLIMIT_NOFILE, few), a_daemon(tmp_path / "home") as daemon:
        daemon.start_apps({"name": "many", **SLEEPER, "instances": 200})
        for _ in range(2):
            eventually_sync(lambda: len(os.listdir(f"/proc/{daemon.keeper}/fd")) > 400)
            for pid in daemon.programs():
                assert resource.prlimit(pid, resource.RLIMIT_NOFILE)[0] == few
            # The next keeper, of the same process, has to know what was before, too.
            daemon.request("update")
            daemon.request("restart", {"selectors": ["0"]})


def test_without_pids_programs_wait_and_are_started_when_there_are_some(tmp_path, a_pid_cgroup):
    with a_daemon(tmp_path / "home") as daemon:
        for pid in (daemon.keeper, daemon.pid):
            (a_pid_cgroup / "cgroup.procs").write_text(str(pid))
        (a_pid_cgroup / "pids.max").write_text("20")

        with pytest.raises(PmdaemonError, match="trying again every 1 s"):
            daemon.request("start", a_crowd(40))
        some = {"online", "backoff"}
        until(lambda: {one["state"] for one in daemon.processes().values()} == some)
        (a_pid_cgroup / "pids.max").write_text("max")

        until(lambda: {one["state"] for one in daemon.processes().values()} == {"online"})
        assert len(daemon.programs()) == 40


def a_crowd(count):
    apps = [{"name": f"crowd-{n}", **SLEEPER} for n in range(count)]
    return {"apps": apps, "cwd": "/", "environment": {"PATH": os.defpath}}


@pytest.fixture
def a_pid_cgroup():
    """Make a cgroup that counts pids, of either version (cgroups(7))."""
    root = Path("/sys/fs/cgroup")
    parent = root / "pids" if (root / "pids").is_dir() else root
    group = parent / f"pmdaemon-test-{os.getpid()}"
    try:
        group.mkdir()
        (group / "pids.max").write_text("max")
    except OSError:
        pytest.skip("no cgroup that counts pids can be made here")
    try:
        yield group
    finally:
        eventually_sync(lambda: (group / "cgroup.procs").read_text() == "")
        group.rmdir()
