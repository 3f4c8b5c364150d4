import asyncio
import gzip
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pmdaemon.adapters import log_compression
from pmdaemon.adapters.log_compression import DELAY, Compressor, pack
from pmdaemon.adapters.output_files import rotate
from pmdaemon.control.log_reader import count_lines, tail
from pmdaemon.core.log_archives import HEADER_SIZE, Contents, contents_of
from pmdaemon.core.logs import times_path
from tests.fakes.clock import FakeClock
from tests.support.engine import settle
from tests.support.waiting import eventually

LINES = b"".join(b"line %d of many that were written\n" % number for number in range(20_000))

KILLED_AT = """
import asyncio, os, signal, sys
from pmdaemon.adapters.log_compression import DELAY, Compressor
from tests.fakes.clock import FakeClock

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

async def main(path, step):
    clock = FakeClock()
    compressor = Compressor(clock)
    compressor.look_after(path)
    setattr(os, step, die)
    clock.advance(DELAY)
    await asyncio.sleep(60)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    (tmp_path / ".times").mkdir()
    path = tmp_path / "app-0.out"
    for suffix in ("", ".1", ".2", ".3"):
        Path(f"{path}{suffix}").write_bytes(LINES + suffix.encode())
    return path


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def compressor(clock: FakeClock) -> Iterator[Compressor]:
    compressor = Compressor(clock)
    yield compressor
    compressor.stop()


def names(log: Path) -> set[str]:
    return {path.name.removeprefix(log.name) for path in log.parent.iterdir() if path.is_file()}


def part_of(log: Path) -> Path:
    return Path(f"{times_path(str(log))}.part")


async def test_all_older_files_but_the_youngest_are_compressed_one_after_the_other(
    log: Path, clock: FakeClock, compressor: Compressor
):
    compressor.look_after(str(log))
    clock.advance(DELAY)
    await eventually(lambda: names(log) == {"", ".1", ".2.gz", ".3"})
    await eventually(lambda: clock.pending)
    clock.advance(60)
    await eventually(lambda: names(log) == {"", ".1", ".2.gz", ".3.gz"})

    assert gzip.decompress(Path(f"{log}.2.gz").read_bytes()) == LINES + b".2"
    assert gzip.decompress(Path(f"{log}.3.gz").read_bytes()) == LINES + b".3"
    assert not part_of(log).exists()


async def test_it_does_not_begin_at_once(log: Path, clock: FakeClock, compressor: Compressor):
    compressor.look_after(str(log))
    clock.advance(DELAY - 1)
    await settle()

    assert names(log) == {"", ".1", ".2", ".3"}


async def test_with_nothing_to_compress_there_is_nothing_to_wait_for(
    tmp_path: Path, clock: FakeClock, compressor: Compressor
):
    compressor.look_after(str(tmp_path / "app-0.out"))
    clock.advance(DELAY)

    assert clock.pending == 0


async def test_a_compressed_file_has_the_time_and_the_mode_of_an_output_file(
    log: Path, clock: FakeClock, compressor: Compressor
):
    os.utime(f"{log}.2", ns=(1, 1_234_567_890_123_456_789))

    compressor.look_after(str(log))
    clock.advance(DELAY)
    await eventually(Path(f"{log}.2.gz").exists)

    status = os.stat(f"{log}.2.gz")
    assert status.st_mtime_ns == 1_234_567_890_123_456_789
    assert status.st_mode & 0o777 == 0o600


async def test_a_file_that_moves_on_meanwhile_is_compressed_where_it_is_then(
    log: Path, clock: FakeClock, compressor: Compressor, monkeypatch: pytest.MonkeyPatch
):
    def pack_and_rotate(*arguments: object) -> bool:
        packed = pack(*arguments)  # type: ignore[arg-type] # as they came
        rotate(str(log), keep=9)
        return packed

    monkeypatch.setattr(log_compression, "pack", pack_and_rotate)
    compressor.look_after(str(log))
    clock.advance(DELAY)
    await eventually(lambda: names(log) == {"", ".1", ".2", ".3.gz", ".4"})

    assert gzip.decompress(Path(f"{log}.3.gz").read_bytes()) == LINES + b".2"
    assert Path(f"{log}.2").read_bytes() == LINES + b".1"


async def test_a_file_that_is_removed_meanwhile_leaves_nothing(
    log: Path, clock: FakeClock, compressor: Compressor, monkeypatch: pytest.MonkeyPatch
):
    def pack_and_lose(*arguments: object) -> bool:
        Path(f"{log}.2").unlink()
        return pack(*arguments)  # type: ignore[arg-type] # as they came

    monkeypatch.setattr(log_compression, "pack", pack_and_lose)
    compressor.look_after(str(log))
    clock.advance(DELAY)
    await eventually(lambda: not any(task.get_name() == "log compression" for task in tasks()))

    assert names(log) == {"", ".1", ".3"}
    assert not part_of(log).exists()


def tasks() -> set[asyncio.Task[object]]:
    return asyncio.all_tasks()


async def test_a_file_that_somebody_writes_to_meanwhile_stays(
    log: Path, clock: FakeClock, compressor: Compressor, monkeypatch: pytest.MonkeyPatch
):
    def pack_and_write(*arguments: object) -> bool:
        packed = pack(*arguments)  # type: ignore[arg-type] # as they came
        with Path(f"{log}.2").open("ab") as file:
            file.write(b"a remark\n")
        return packed

    monkeypatch.setattr(log_compression, "pack", pack_and_write)
    compressor.look_after(str(log))
    clock.advance(DELAY)
    await eventually(lambda: not any(task.get_name() == "log compression" for task in tasks()))

    assert names(log) == {"", ".1", ".2", ".3"}
    assert Path(f"{log}.2").read_bytes().endswith(b"a remark\n")


async def test_what_cannot_be_written_leaves_the_file_as_it_was(
    log: Path,
    clock: FakeClock,
    compressor: Compressor,
    caplog: pytest.LogCaptureFixture,
):
    part_of(log).mkdir()

    compressor.look_after(str(log))
    clock.advance(DELAY)
    await eventually(lambda: "logs.not_compressed" in caplog.text)

    assert names(log) == {"", ".1", ".2", ".3"}


async def test_stopping_ends_it_half_way(log: Path, clock: FakeClock):
    compressor = Compressor(clock)
    compressor.look_after(str(log))
    clock.advance(DELAY)

    compressor.stop()
    await eventually(lambda: not any(task.get_name() == "log compression" for task in tasks()))

    assert names(log) == {"", ".1", ".2", ".3"}
    assert not part_of(log).exists()
    assert clock.pending == 0


def test_what_is_packed_tells_how_much_it_is(log: Path):
    source = os.open(log, os.O_RDONLY)

    pack(source, f"{log}.gz", lambda: False)
    os.close(source)

    packed = Path(f"{log}.gz").read_bytes()
    assert contents_of(packed[:HEADER_SIZE]) == Contents(len(LINES), 20_000)
    assert len(packed) < len(LINES) / 4


@pytest.mark.posix
@pytest.mark.parametrize("step", ["pwrite", "utime", "fsync", "replace", "unlink"])
def test_after_a_kill_at_any_step_every_line_is_there_once(log: Path, step: str):
    before = tail(str(log), 100_000)

    killed = subprocess.run(
        [sys.executable, "-c", KILLED_AT, str(log), step], check=False, timeout=120
    )

    assert killed.returncode == -signal.SIGKILL
    assert tail(str(log), 100_000) == before
    assert count_lines(str(log)) == len(before)


@pytest.mark.posix
async def test_after_a_kill_the_next_daemon_compresses_what_was_left(
    log: Path, clock: FakeClock, compressor: Compressor
):
    subprocess.run([sys.executable, "-c", KILLED_AT, str(log), "unlink"], check=False, timeout=120)
    assert names(log) == {"", ".1", ".2", ".2.gz", ".3"}

    compressor.look_after(str(log))
    clock.advance(DELAY)
    await eventually(lambda: names(log) == {"", ".1", ".2.gz", ".3"})

    assert gzip.decompress(Path(f"{log}.2.gz").read_bytes()) == LINES + b".2"
