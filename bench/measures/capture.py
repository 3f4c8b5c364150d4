import os
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.figures import Figure
from bench.managers import App, Manager, Pair, compiled_program, python_program
from bench.programs.writer import LAST, READY
from bench.system import cpu_seconds, wait_for

GB = 10**9
MB = 10**6
BIG = 1_000_000
LINE = 100
CROWD = 50
TIMES = 3


@dataclass(frozen=True, slots=True)
class Captured:
    """What it took to get some output into a file."""

    mb_per_s: float
    cpu_s_per_gb: float


def measure(pair: Pair, effort: float) -> list[Figure]:
    """Output of a program that writes as fast as it can, until its last line is in the log."""
    big, small = round(GB * effort), round(GB * effort / 5)
    line_writer = compiled_program("lines", pair.ours.home.parent, str(small))
    by_line = "a write a line"
    if line_writer is None:
        # A Python program needs longer for a write(2) than the call takes: it is the limit then.
        line_writer = python_program("writer", "writer.py", str(small), str(LINE))
        by_line += ", written by Python as there is no C compiler"
    return [
        *_compare(
            pair, "big writes", python_program("writer", "writer.py", str(big), str(BIG)), big
        ),
        *_compare(pair, by_line, line_writer, small),
        *_crowds(pair, round(big / CROWD)),
    ]


def _crowds(pair: Pair, size: int) -> list[Figure]:
    """Have 50 programs write as much together as one does before."""
    writers = [
        python_program(f"writer-{number}", "writer.py", str(size), str(BIG // 10))
        for number in range(CROWD)
    ]
    ours, theirs = (_captured(manager, writers, size * CROWD) for manager in pair)
    what = f"{CROWD} writers together"
    return [
        Figure(
            f"captured, {what}",
            "MB/s",
            [ours.mb_per_s],
            [theirs.mb_per_s],
            target=4,
            more_is_better=True,
        ),
        Figure(
            f"CPU of capture, {what}",
            "s/GB",
            [ours.cpu_s_per_gb],
            [theirs.cpu_s_per_gb],
            target=0.2,
        ),
    ]


def _compare(pair: Pair, what: str, writer: App, size: int) -> list[Figure]:
    for manager in pair:
        manager.run("list")
    samples = [
        (_captured(pair.ours, [writer], size), _captured(pair.theirs, [writer], size))
        for _ in range(TIMES)
    ]
    bare = [_bare(pair.ours.home.with_suffix(".out"), writer, size) for _ in range(TIMES)]
    ours, theirs = zip(*samples, strict=True)
    return [
        Figure(
            f"captured, {what}",
            "MB/s",
            [one.mb_per_s for one in ours],
            [one.mb_per_s for one in theirs],
            target=4,
            more_is_better=True,
        ),
        Figure(
            f"CPU of capture, {what}",
            "s/GB",
            [one.cpu_s_per_gb for one in ours],
            [one.cpu_s_per_gb for one in theirs],
            target=0.2,
        ),
        Figure(f"that writer alone into a file, {what}", "MB/s", bare),
    ]


def _captured(manager: Manager, writers: Sequence[App], size: int) -> Captured:
    """Have these write, `size` bytes together."""
    manager.start(writers)
    logs = [manager.out_log(writer["name"]) for writer in writers]
    for log in logs:
        wait_for(lambda log=log: _ends_with(log, READY), f"the writers under {manager.name}")  # type: ignore[misc] # bound early on purpose
    programs = [program.pid for program in manager.programs()]
    cpu = cpu_seconds(manager.daemon())
    took = _write(programs, logs)
    cpu = cpu_seconds(manager.daemon()) - cpu
    manager.delete_all()
    for log in logs:
        for file in log.parent.glob(f"{log.stem}*"):
            file.unlink()
    return Captured(size / MB / took, cpu / (size / GB))


def _bare(file: Path, writer: App, size: int) -> float:
    """Let the same program write straight into a file."""
    with (
        file.open("wb") as output,
        subprocess.Popen([writer["script"], *writer["args"]], stdout=output) as program,
    ):
        wait_for(lambda: _ends_with(file, READY), "the writer alone")
        took = _write([program.pid], [file])
        program.kill()
    file.unlink()
    return size / MB / took


def _write(writers: Sequence[int], logs: Sequence[Path]) -> float:
    """Let them begin, and return the seconds until all last lines are in the files."""
    began = time.monotonic()
    for writer in writers:
        os.kill(writer, signal.SIGUSR1)
    for log in logs:
        wait_for(lambda log=log: _ends_with(log, LAST), f"the last line in {log}", within=300)  # type: ignore[misc] # as above
    return time.monotonic() - began


def _ends_with(log: Path, ending: bytes) -> bool:
    """Whether this was captured last; the file may just have been exchanged for a new one."""
    return any(_tail(file, len(ending)) == ending for file in (log, Path(f"{log}.1")))


def _tail(file: Path, size: int) -> bytes:
    try:
        with file.open("rb") as opened:
            opened.seek(max(0, file.stat().st_size - size))
            return opened.read()
    except FileNotFoundError:
        return b""
