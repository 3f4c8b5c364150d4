"""Output of real programs through real FIFOs: nothing lost, nothing doubled, nobody blocked."""

import asyncio
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from pmdaemon.adapters import log_compression
from pmdaemon.adapters.log_files import LogFiles
from pmdaemon.control.log_reader import Follower, tail
from pmdaemon.core.errors import OperationFailed
from pmdaemon.core.logs import rotated_path
from pmdaemon.core.spec import LogPolicy
from tests.fakes.clock import FakeClock
from tests.support.disks import fill, small_disk, spend_inodes
from tests.support.loop_clock import LoopClock
from tests.support.waiting import eventually, eventually_sync

UNBOUNDED = LogPolicy(max_size=0)

PORTIONED_WRITER = """
import sys
out = open(sys.argv[1], "r+b", buffering=0)
with open(sys.argv[4]) as leave:
    for number in range(int(sys.argv[2])):
        if number % int(sys.argv[3]) == 0:
            leave.readline()
        out.write(b"line %d of what a program says\\n" % number)
"""
"""Asks for leave, a line of a FIFO, before each portion."""

WRITER = """
import sys
out = open(sys.argv[1], "r+b", buffering=0)
for number in range(int(sys.argv[2])):
    out.write(b"line %d of what a program says\\n" % number)
"""

READER = """
import asyncio, sys
from pathlib import Path
from pmdaemon.adapters.log_files import LogFiles
from pmdaemon.core.spec import LogPolicy
from tests.support.loop_clock import LoopClock

async def main():
    log_files = LogFiles(Path(sys.argv[1]), Path(sys.argv[2]), LoopClock())
    log_files.open(0, "app", 0, LogPolicy(int(sys.argv[3]), keep=1000))
    print("ready", flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


def expected(lines: int) -> bytes:
    return b"".join(b"line %d of what a program says\n" % number for number in range(lines))


def files_of(path: Path) -> list[Path]:
    """List the files of a stream, the current one first."""
    files = path.parent.glob(f"{path.name}*")
    return sorted(files, key=lambda file: int(file.name.removeprefix(path.name)[1:] or 0))


def stored(path: str) -> bytes:
    """Put the files of a stream together."""
    return b"".join(file.read_bytes() for file in reversed(files_of(Path(path))))


@pytest.fixture
def programs() -> Iterator[ExitStack]:
    """Ends what a test starts, at the latest at its end."""
    with ExitStack() as stack:
        yield stack


def start(programs: ExitStack, script: str, *arguments: object) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-c", script, *map(str, arguments)])
    programs.callback(end, process)
    return process


def end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


async def ended(process: subprocess.Popen[bytes]) -> None:
    await eventually(lambda: process.poll() is not None)
    assert process.returncode == 0


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    return tmp_path / "logs", tmp_path / "run"


@pytest.fixture
async def log_files(folders: tuple[Path, Path]) -> Iterator[LogFiles]:
    log_files = LogFiles(*folders, LoopClock())
    yield log_files
    log_files.leave()


async def test_a_program_of_many_lines_is_captured_to_the_byte(
    log_files: LogFiles, programs: ExitStack
):
    fifo, _ = log_files.open(0, "app", 0, UNBOUNDED)

    await ended(start(programs, WRITER, fifo, 200_000))
    log_files.drain(0)

    assert stored(log_files.files("app", 0)[0]) == expected(200_000)


async def test_rotation_under_load_loses_and_doubles_nothing(
    log_files: LogFiles, programs: ExitStack
):
    fifo, _ = log_files.open(0, "app", 0, LogPolicy(max_size=100_000, keep=1000))

    await ended(start(programs, WRITER, fifo, 200_000))
    log_files.drain(0)

    path, _ = log_files.files("app", 0)
    assert Path(rotated_path(path, 20)).exists()
    assert stored(path) == expected(200_000)


async def test_a_follower_gets_every_line_through_rotations_under_load(
    log_files: LogFiles, programs: ExitStack
):
    fifo, _ = log_files.open(0, "app", 0, LogPolicy(max_size=100_000, keep=1000))
    follower = Follower(log_files.files("app", 0)[0])
    followed: list[str] = []

    def follow(*_: object) -> None:
        followed.extend(line.text for line in follower.read_new())

    log_files.on_growth(follow)
    await ended(start(programs, WRITER, fifo, 100_000))
    log_files.drain(0)
    while lines := follower.read_new():
        followed.extend(line.text for line in lines)

    assert followed == expected(100_000).decode().splitlines()
    follower.close()


async def test_the_next_capture_goes_on_where_one_was_abandoned(
    folders: tuple[Path, Path], programs: ExitStack
):
    first = LogFiles(*folders, LoopClock())
    fifo, _ = first.open(0, "app", 0, UNBOUNDED)
    path, _ = first.files("app", 0)

    writer = start(programs, WRITER, fifo, 100_000)
    await eventually(lambda: os.stat(path).st_size > 100_000)
    first.leave()
    second = LogFiles(*folders, LoopClock())
    second.open(0, "app", 0, UNBOUNDED)
    await ended(writer)
    second.drain(0)

    assert stored(path) == expected(100_000)
    second.leave()


@pytest.mark.slow
@pytest.mark.parametrize("max_size", [0, 300_000])
def test_a_daemon_that_is_killed_again_and_again_loses_and_doubles_nothing(
    folders: tuple[Path, Path], programs: ExitStack, max_size: int
):
    logs, run = folders
    path, fifo = logs / "app-0.out", run / "0.out"
    lines = 1_000_000
    reader = start(programs, READER, logs, run, max_size)
    eventually_sync(path.exists)
    # Held by whoever outlives the daemon: when the program ends, its own descriptor goes with it.
    keeper = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)
    programs.callback(os.close, keeper)
    os.mkfifo(run / "leave")
    leave = os.open(run / "leave", os.O_RDWR)
    programs.callback(os.close, leave)
    # No portion goes by without a kill, however long we are held up.
    writer = start(programs, PORTIONED_WRITER, fifo, lines, lines // 10, run / "leave")

    kills = 0
    while writer.poll() is None:
        enough = total_size(path) + 3_000_000
        os.write(leave, b"\n")
        eventually_sync(lambda: writer.poll() is not None or total_size(path) > enough)  # noqa: B023 - used here and now
        end(reader)
        kills += 1
        reader = start(programs, READER, logs, run, max_size)
    eventually_sync(lambda: total_size(path) >= len(expected(lines)))

    assert kills > 3
    assert writer.returncode == 0
    assert stored(str(path)) == expected(lines)


def total_size(path: Path) -> int:
    sizes = 0
    for file in files_of(path):
        try:
            sizes += file.stat().st_size
        except FileNotFoundError:
            continue
    return sizes


def test_what_is_written_while_no_daemon_runs_is_there_for_the_next(folders: tuple[Path, Path]):
    async def abandon() -> str:
        log_files = LogFiles(*folders, LoopClock())
        fifo, _ = log_files.open(0, "app", 0, UNBOUNDED)
        log_files.leave()
        return fifo

    async def come_back() -> bytes:
        log_files = LogFiles(*folders, LoopClock())
        log_files.open(0, "app", 0, UNBOUNDED)
        path = Path(log_files.files("app", 0)[0])
        await eventually(lambda: path.stat().st_size > 0)
        log_files.leave()
        return path.read_bytes()

    fifo = os.open(asyncio.run(abandon()), os.O_RDWR)
    os.write(fifo, b"nobody listens\n")

    assert asyncio.run(come_back()) == b"nobody listens\n"
    os.close(fifo)


async def test_files_and_fifos_are_their_owners_only(
    log_files: LogFiles, folders: tuple[Path, Path]
):
    fifos = log_files.open(0, "app", 0, UNBOUNDED)
    files = log_files.files("app", 0)

    modes = {stat.S_IMODE(os.stat(path).st_mode) for path in (*fifos, *files)}

    assert modes == {0o600}
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}


async def test_a_name_never_leads_out_of_the_folder(
    log_files: LogFiles, folders: tuple[Path, Path]
):
    log_files.open(0, "../../etc/passwd", 0, UNBOUNDED)

    assert sorted(os.listdir(folders[0])) == [
        "%2E.%2F..%2Fetc%2Fpasswd-0.err",
        "%2E.%2F..%2Fetc%2Fpasswd-0.out",
    ]


async def test_idle_processes_hold_two_descriptors_each(log_files: LogFiles):
    before = len(os.listdir("/dev/fd"))

    for pm_id in range(10):
        log_files.open(pm_id, "app", pm_id, UNBOUNDED)

    assert len(os.listdir("/dev/fd")) == before + 20


async def test_closing_gives_everything_back(log_files: LogFiles, folders: tuple[Path, Path]):
    before = os.listdir("/dev/fd")
    log_files.open(0, "app", 0, UNBOUNDED)

    log_files.close(0)

    assert os.listdir("/dev/fd") == before
    assert os.listdir(folders[1]) == []


async def test_output_that_cannot_be_captured_is_refused_whole(
    log_files: LogFiles, folders: tuple[Path, Path]
):
    (folders[1] / "0.err").mkdir(parents=True)
    before = os.listdir("/dev/fd")

    with pytest.raises(OperationFailed, match="cannot capture the output of app: is a directory"):
        log_files.open(0, "app", 0, UNBOUNDED)

    assert os.listdir("/dev/fd") == before


async def test_fifos_that_somebody_removed_are_there_for_the_next_run(
    log_files: LogFiles, folders: tuple[Path, Path], programs: ExitStack
):
    fifo, _ = log_files.open(0, "app", 0, UNBOUNDED)
    await ended(start(programs, WRITER, fifo, 10))
    shutil.rmtree(folders[1])

    assert log_files.open(0, "app", 0, UNBOUNDED)[0] == fifo
    await ended(start(programs, WRITER, fifo, 10))
    log_files.drain(0)

    assert stored(log_files.files("app", 0)[0]) == 2 * expected(10)


async def test_lines_have_the_times_at_which_they_came(log_files: LogFiles):
    fifo, _ = log_files.open(0, "app", 0, UNBOUNDED)
    path, _ = log_files.files("app", 0)
    clock = LoopClock()
    program_side = os.open(fifo, os.O_RDWR)

    begun = clock.now().wall
    os.write(program_side, b"one\n")
    await eventually(lambda: tail(path, 1))
    between = clock.now().wall
    os.write(program_side, b"two\n")
    await eventually(lambda: len(tail(path, 2)) == 2)

    one, two = (line.time for line in tail(path, 2))
    assert one is not None
    assert two is not None
    assert begun - 0.001 <= one <= between
    assert one <= two <= clock.now().wall
    os.close(program_side)


def on_a_small_disk(
    folders: tuple[Path, Path], programs: ExitStack, size: str, policy: LogPolicy = UNBOUNDED
) -> tuple[LogFiles, str, Path]:
    """Keep the output of one program on a disk of this size; return its FIFO and its file, too."""
    logs, run = folders
    programs.enter_context(small_disk(logs, size))
    log_files = LogFiles(logs, run, LoopClock())
    programs.callback(log_files.leave)
    fifo, _ = log_files.open(0, "app", 0, policy)
    return log_files, fifo, Path(log_files.files("app", 0)[0])


async def test_a_full_disk_blocks_no_program_and_the_loss_is_told_exactly(
    folders: tuple[Path, Path], programs: ExitStack
):
    logs, _ = folders
    log_files, fifo, path = on_a_small_disk(folders, programs, "256k")
    ballast = logs / "ballast"
    ballast.write_bytes(b"x" * 100_000)

    await ended(start(programs, WRITER, fifo, 20_000))
    log_files.drain(0)
    kept = path.stat().st_size
    ballast.unlink()
    await ended(
        start(programs, "open(__import__('sys').argv[1], 'wb', 0).write(b'after\\n')", fifo)
    )
    await eventually(lambda: path.read_bytes().endswith(b"after\n"))

    told = int(tail(str(path), 2)[0].text.split()[1])
    assert path.read_bytes()[:kept] == expected(20_000)[:kept]
    assert kept + told == len(expected(20_000))


async def test_older_files_are_compressed_after_a_while_and_stay_readable(
    folders: tuple[Path, Path],
):
    clock = FakeClock()
    log_files = LogFiles(*folders, clock)
    fifo, _ = log_files.open(0, "app", 0, LogPolicy(max_size=20))
    path = log_files.files("app", 0)[0]
    program_side = os.open(fifo, os.O_RDWR)
    for number in range(4):
        os.write(program_side, b"line %d of the output\n" % number)
        log_files.drain(0)

    clock.advance(log_compression.DELAY)
    await eventually(Path(f"{path}.2.gz").exists)
    log_files.leave()
    os.close(program_side)

    assert [line.text for line in tail(path, 9)] == [f"line {n} of the output" for n in range(4)]


async def test_with_compression_off_older_files_stay_as_they_are(folders: tuple[Path, Path]):
    clock = FakeClock()
    log_files = LogFiles(*folders, clock)
    log_files.open(0, "app", 0, LogPolicy(compress=False))

    assert clock.pending == 1  # the one for their age
    log_files.leave()


async def test_output_that_is_too_old_when_a_capture_begins_goes_at_once(
    folders: tuple[Path, Path],
):
    logs, run = folders
    logs.mkdir()
    older = logs / "app-0.out.1"
    older.write_bytes(b"of long ago\n")
    os.utime(older, (1.0, 1.0))
    clock = FakeClock()
    log_files = LogFiles(logs, run, clock)

    log_files.open(0, "app", 0, LogPolicy())
    clock.advance(1.0)

    assert not older.exists()
    log_files.leave()


async def test_a_new_policy_holds_from_then_on(folders: tuple[Path, Path]):
    clock = FakeClock()
    log_files = LogFiles(*folders, clock)
    fifo, _ = log_files.open(0, "app", 0, LogPolicy(max_age=0.0))
    path = log_files.files("app", 0)[0]
    program_side = os.open(fifo, os.O_RDWR)
    os.write(program_side, b"one\n")
    log_files.drain(0)

    log_files.open(0, "app", 0, LogPolicy(max_age=60.0))
    clock.advance(61.0)

    assert Path(f"{path}.1").read_bytes() == b"one\n"
    os.close(program_side)
    log_files.leave()


async def test_spent_inodes_cost_no_output_of_files_that_are_there(
    folders: tuple[Path, Path], programs: ExitStack
):
    logs, _ = folders
    policy = LogPolicy(max_size=10_000)
    log_files, fifo, path = on_a_small_disk(folders, programs, "1m,nr_inodes=20", policy)
    spend_inodes(logs)

    await ended(start(programs, WRITER, fifo, 1000))
    log_files.drain(0)

    assert path.read_bytes() == expected(1000)
    assert not Path(f"{path}.1").exists()


async def test_a_time_index_that_cannot_be_written_costs_times_and_nothing_else(
    folders: tuple[Path, Path], programs: ExitStack
):
    logs, run = folders
    (logs / ".times").mkdir(parents=True)
    (logs / ".times" / "app-0.out").mkdir()
    log_files = LogFiles(logs, run, LoopClock())
    programs.callback(log_files.leave)
    fifo, _ = log_files.open(0, "app", 0, UNBOUNDED)

    await ended(start(programs, WRITER, fifo, 1000))
    log_files.drain(0)

    path = log_files.files("app", 0)[0]
    assert stored(path) == expected(1000)
    assert tail(path, 1)[0].time is None


async def test_a_read_only_folder_blocks_no_program_and_the_loss_is_told(
    folders: tuple[Path, Path], programs: ExitStack
):
    logs, _ = folders
    log_files, fifo, path = on_a_small_disk(folders, programs, "1m")
    remount(logs, "ro")

    await ended(start(programs, WRITER, fifo, 20_000))
    log_files.drain(0)
    remount(logs, "rw")
    await ended(start(programs, WRITER, fifo, 1))
    await eventually(lambda: path.read_bytes().endswith(expected(1)))

    lost = len(expected(20_000))
    note = f"[pmdaemon] {lost} bytes of output were lost: Read-only file system\n"
    assert path.read_bytes() == note.encode() + expected(1)


def remount(disk: Path, mode: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{mode}", disk], check=True)


async def test_nothing_is_left_of_a_compression_that_found_the_disk_full(
    folders: tuple[Path, Path], programs: ExitStack, caplog: pytest.LogCaptureFixture
):
    logs, run = folders
    programs.enter_context(small_disk(logs, "256k"))
    clock = FakeClock()
    log_files = LogFiles(logs, run, clock)
    programs.callback(log_files.leave)
    log_files.open(0, "app", 0, LogPolicy())
    path = Path(log_files.files("app", 0)[0])
    for number in (1, 2):
        Path(f"{path}.{number}").write_bytes(os.urandom(60_000))
    fill(logs)

    clock.advance(log_compression.DELAY)
    await eventually(lambda: "logs.not_compressed" in caplog.text)

    assert Path(f"{path}.2").stat().st_size == 60_000
    assert not Path(f"{path}.2.gz").exists()
    assert not list((logs / ".times").glob("*.part"))


def write(fifo: str, data: bytes) -> None:
    fd = os.open(fifo, os.O_RDWR)
    os.write(fd, data)
    os.close(fd)


async def test_copies_are_made_of_what_a_program_writes_and_go_with_it(folders, tmp_path):
    log_files = LogFiles(*folders, LoopClock())
    copied = tmp_path / "own" / "all.log"
    out, err = log_files.open(0, "app", 0, LogPolicy(max_size=0, combined_file=str(copied)))
    write(out, b"one\n")
    write(err, b"two\n")
    await eventually(lambda: copied.exists() and len(copied.read_bytes().splitlines()) == 2)
    write(out, b"unfinished")
    await eventually(lambda: Path(log_files.files("app", 0)[0]).read_bytes() == b"one\nunfinished")

    log_files.close(0)

    assert sorted(copied.read_text().splitlines()) == ["one", "two", "unfinished"]


async def test_a_daemon_after_the_other_goes_on_with_a_copy(folders, tmp_path):
    copied = tmp_path / "own.log"
    policy = LogPolicy(max_size=0, out_file=str(copied))
    first = LogFiles(*folders, LoopClock())
    out, _ = first.open(0, "app", 0, policy)
    write(out, b"one\n")
    await eventually(lambda: copied.exists() and copied.read_bytes() == b"one\n")
    program_side = os.open(out, os.O_RDWR)
    first.leave()
    os.write(program_side, b"two\n")

    second = LogFiles(*folders, LoopClock())
    second.open(0, "app", 0, policy)

    await eventually(lambda: copied.read_bytes() == b"one\ntwo\n")
    os.close(program_side)
    second.leave()


async def test_a_copy_that_is_not_wanted_any_more_is_left_as_it_is(folders, tmp_path):
    log_files = LogFiles(*folders, LoopClock())
    old, new = tmp_path / "old.log", tmp_path / "new.log"
    out, _ = log_files.open(0, "app", 0, LogPolicy(max_size=0, out_file=str(old)))
    write(out, b"one\n")
    await eventually(lambda: old.exists() and old.read_bytes() == b"one\n")

    log_files.open(0, "app", 0, LogPolicy(max_size=0, out_file=str(new)))
    write(out, b"two\n")

    await eventually(lambda: new.exists() and new.read_bytes() == b"two\n")
    assert old.read_bytes() == b"one\n"
    log_files.leave()


def test_who_wants_no_copies_does_not_load_what_makes_them(folders):
    program = (
        "import asyncio, sys\nfrom pathlib import Path\n"
        "from pmdaemon.adapters.log_files import LogFiles\n"
        "from pmdaemon.core.spec import LogPolicy\n"
        "from tests.support.loop_clock import LoopClock\n"
        "async def main():\n"
        "    log_files = LogFiles(Path(sys.argv[1]), Path(sys.argv[2]), LoopClock())\n"
        "    log_files.open(0, 'app', 0, LogPolicy())\n"
        "    print('pmdaemon.adapters.log_copies' in sys.modules)\n"
        "    log_files.leave()\n"
        "asyncio.run(main())"
    )
    command = [sys.executable, "-c", program, *map(str, folders)]

    assert subprocess.check_output(command, text=True) == "False\n"
