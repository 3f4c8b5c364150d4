"""Output files for scenes, written as the daemon does."""

from pathlib import Path

from pmdaemon.core.logs import Mark, times_path


def write_log(path: str, *lines: tuple[float, str]) -> None:
    """Write lines, and beside them the time of each, in seconds since the epoch."""
    data, marks = b"", b""
    for second, text in lines:
        marks += Mark(len(data), round(second * 1e3) * 1_000_000).encode()
        data += text.encode() + b"\n"
    Path(path).write_bytes(data)
    Path(times_path(path)).parent.mkdir(exist_ok=True)
    Path(times_path(path)).write_bytes(marks)
