"""Output files: their names, their bounds, and the times of their lines."""

from enum import StrEnum


class OutputStream(StrEnum):
    """Which of a program's two outputs."""

    OUT = "out"
    ERR = "err"
