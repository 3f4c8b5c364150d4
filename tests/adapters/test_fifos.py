import fcntl
import os
import resource
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pmdaemon.adapters.fifos import (
    ENLARGED,
    MOST_ENLARGED,
    SPARED,
    USUAL,
    Capacities,
    Move,
    Spilled,
    copy,
    discard,
    open_fifo,
    splice,
)
from tests.support.limits import limited

linux = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's pipes")


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[[str], int]]:
    fds = []

    def open_one(name: str) -> int:
        fds.append(open_fifo(str(tmp_path / name)))
        return fds[-1]

    yield open_one
    for fd in fds:
        os.close(fd)


@pytest.fixture
def file(tmp_path: Path) -> Iterator[int]:
    fd = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
    yield fd
    os.close(fd)


@pytest.fixture(params=[pytest.param(splice, marks=linux), copy])
def move(request: pytest.FixtureRequest) -> Move:
    return request.param


def size_of(fifo: int) -> int:
    return fcntl.fcntl(fifo, fcntl.F_GETPIPE_SZ)


def test_a_fifo_is_made_for_its_owner_only(opened: Callable[[str], int]):
    status = os.fstat(opened("0.out"))

    assert stat.S_ISFIFO(status.st_mode)
    assert stat.S_IMODE(status.st_mode) == 0o600


def test_what_waits_in_a_fifo_is_there_when_it_is_opened_again(opened: Callable[[str], int]):
    first = opened("0.out")
    os.write(first, b"waiting")

    second = opened("0.out")

    assert os.read(second, 100) == b"waiting"


@pytest.mark.parametrize("kind", ["file", "symlink"])
def test_what_is_no_fifo_is_replaced(tmp_path: Path, opened: Callable[[str], int], kind: str):
    path, elsewhere = tmp_path / "0.out", tmp_path / "elsewhere"
    elsewhere.write_bytes(b"precious")
    path.write_bytes(b"stale") if kind == "file" else path.symlink_to(elsewhere)

    fd = opened("0.out")

    assert stat.S_ISFIFO(os.fstat(fd).st_mode)
    assert elsewhere.read_bytes() == b"precious"


def test_the_last_descriptors_are_left_to_commands(opened: Callable[[str], int], tmp_path: Path):
    # Above all that are open: a high one would be missing among the last.
    most = max(map(int, os.listdir("/dev/fd"))) + 4 * SPARED
    others: list[int] = []
    try:
        with limited(resource.RLIMIT_NOFILE, most):
            with pytest.raises(OSError, match="Too many open files"):
                list(map(opened, map(str, range(most))))
            others += [os.open(tmp_path, os.O_RDONLY) for _ in range(SPARED)]
    finally:
        for fd in others:
            os.close(fd)


def test_a_fifo_without_a_program_is_empty_and_not_ended(opened: Callable[[str], int], file: int):
    with pytest.raises(BlockingIOError):
        copy(opened("0.out"), file, 100, 0)


def test_bytes_are_moved_to_where_they_belong(
    opened: Callable[[str], int], file: int, tmp_path: Path, move: Move
):
    fifo = opened("0.out")
    os.write(file, b"before")
    os.write(fifo, b"0123456789")

    moved = move(fifo, file, 4, 6)

    assert moved == 4
    assert (tmp_path / "file").read_bytes() == b"before0123"
    assert os.read(fifo, 100) == b"456789"


def test_an_empty_fifo_says_so(opened: Callable[[str], int], file: int, move: Move):
    with pytest.raises(BlockingIOError):
        move(opened("0.out"), file, 100, 0)


def test_what_copying_could_not_write_is_counted(opened: Callable[[str], int], tmp_path: Path):
    fifo = opened("0.out")
    os.write(fifo, b"0123456789")
    read_only = os.open(tmp_path, os.O_RDONLY)

    with pytest.raises(Spilled) as spilled:
        copy(fifo, read_only, 100, 0)

    assert (spilled.value.taken, spilled.value.written) == (10, 0)
    os.close(read_only)


def test_dropping_empties_a_fifo_and_counts(opened: Callable[[str], int]):
    fifo = opened("0.out")
    os.write(fifo, b"x" * 1000)

    assert discard(fifo, 1 << 20) == 1000
    assert discard(fifo, 1 << 20) == 0


@linux
def test_only_busy_fifos_are_enlarged(opened: Callable[[str], int]):
    capacities = Capacities()
    busy, quiet = opened("0.out"), opened("0.err")
    capacities.add(busy)
    capacities.add(quiet)

    capacities.busy(busy)

    assert size_of(busy) == capacities.of(busy) == ENLARGED
    assert size_of(quiet) == capacities.of(quiet) == USUAL


@linux
def test_no_more_are_enlarged_than_may_be(opened: Callable[[str], int]):
    capacities = Capacities()
    fifos = [opened(f"{number}.out") for number in range(MOST_ENLARGED + 1)]
    for fifo in fifos:
        capacities.add(fifo)
        capacities.busy(fifo)

    assert [size_of(fifo) for fifo in fifos] == [ENLARGED] * MOST_ENLARGED + [USUAL]


@linux
def test_a_quiet_fifo_makes_way_for_a_busy_one(opened: Callable[[str], int]):
    capacities = Capacities()
    fifos = [opened(f"{number}.out") for number in range(MOST_ENLARGED + 1)]
    for fifo in fifos[:-1]:
        capacities.add(fifo)
        capacities.busy(fifo)
    capacities.quiet(fifos[3])
    capacities.add(fifos[-1])

    capacities.busy(fifos[-1])

    assert size_of(fifos[3]) == capacities.of(fifos[3]) == USUAL
    assert size_of(fifos[-1]) == ENLARGED


@linux
def test_a_fifo_that_an_earlier_daemon_enlarged_counts(opened: Callable[[str], int]):
    fifo = opened("0.out")
    fcntl.fcntl(fifo, fcntl.F_SETPIPE_SZ, ENLARGED)
    capacities = Capacities()

    capacities.add(fifo)

    assert capacities.of(fifo) == ENLARGED
