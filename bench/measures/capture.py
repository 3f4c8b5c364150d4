import signal
import time
from dataclasses import dataclass
from pathlib import Path

from bench.figures import Figure
from bench.managers import Manager, Pair, python_program
from bench.programs.writer import LAST, READY
from bench.system import cpu_seconds, wait_for

GB = 10**9
MB = 10**6
BIG = 1_000_000
LINE = 100


@dataclass(frozen=True, slots=True)
class Captured:
    """What it took to get some output into a file."""

    mb_per_s: float
    cpu_s_per_gb: float


def measure(pair: Pair, effort: float) -> list[Figure]:
    """Output of one program writing as fast as it can, until its last line is in the log file."""
    return [
        *_compare(pair, "big writes", size=round(GB * effort), piece=BIG, times=3),
        *_compare(pair, "a write a line", size=round(GB * effort / 5), piece=LINE, times=3),
    ]


def _compare(pair: Pair, what: str, *, size: int, piece: int, times: int) -> list[Figure]:
    for manager in pair:
        manager.run("list")
    samples = [
        (_captured(pair.ours, size, piece), _captured(pair.theirs, size, piece))
        for _ in range(times)
    ]
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
    ]


def _captured(manager: Manager, size: int, piece: int) -> Captured:
    manager.start([python_program("writer", "writer.py", str(size), str(piece))])
    log = manager.out_log("writer")
    wait_for(lambda: _ends_with(log, READY), f"the writer under {manager.name}")
    (writer,) = manager.programs()
    cpu = cpu_seconds(manager.daemon())
    began = time.monotonic()
    writer.send_signal(signal.SIGUSR1)
    wait_for(lambda: _ends_with(log, LAST), f"{manager.name} to capture {size} bytes", within=300)
    took = time.monotonic() - began
    cpu = cpu_seconds(manager.daemon()) - cpu
    manager.delete_all()
    for file in log.parent.glob("writer*"):
        file.unlink()
    return Captured(size / MB / took, cpu / (size / GB))


def _ends_with(file: Path, ending: bytes) -> bool:
    try:
        with file.open("rb") as log:
            log.seek(max(0, file.stat().st_size - len(ending)))
            return log.read() == ending
    except (FileNotFoundError, ValueError):
        return False
