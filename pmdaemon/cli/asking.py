"""Asking for secrets: on the terminal, without showing them, or from standard input."""

import sys

from pmdaemon.cli.errors import WrongUsage


def read_secret(what: str, *, again: bool = False) -> str:
    """Read a secret; on a terminal, `again` has it typed twice.

    Raises:
        WrongUsage: nothing was typed, or not the same.

    """
    if not sys.stdin.isatty():
        secret = sys.stdin.readline().rstrip("\r\n")
    else:
        from getpass import getpass  # noqa: PLC0415 - for terminals

        try:
            secret = getpass(f"{what}: ")
            if again and secret and getpass("once more: ") != secret:
                raise WrongUsage("the two entries are not the same")
        except EOFError:  # Ctrl-D
            print(file=sys.stderr)
            secret = ""
    if not secret:
        raise WrongUsage(f"there is no {what}: type it, or write it to standard input")
    return secret
