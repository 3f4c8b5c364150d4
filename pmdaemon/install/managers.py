"""What `startup` needs of a service manager, whichever it is."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from pmdaemon.core.errors import OperationFailed, PmdaemonError
from pmdaemon.core.wording import shown, why
from pmdaemon.install.service_files import ServiceFile
from pmdaemon.install.units import Service

PATIENCE = 120.0
"""Seconds that a service manager may take: it answers when the daemon is ready."""

Command = Sequence[str]


class ServiceManager(Protocol):
    """A service manager, and whose services it is about: the system's, or one user's."""

    @property
    def is_there(self) -> bool:
        """Whether it runs this system."""

    def path(self, name: str) -> Path:
        """Say where the file of a service is."""

    def text(self, service: Service) -> str:
        """Write down a service."""

    def enabling(self, name: str, *, start: bool) -> list[Command]:
        """List the commands by which it learns of a file, and, with `start`, starts it."""

    def starting(self, name: str) -> Command:
        """Give the command that starts a service now."""

    def forgetting(self, name: str) -> list[Command]:
        """List the commands that come before a file is removed."""

    def after_removal(self) -> list[Command]:
        """List the commands that come after a file was removed."""


def install(manager: ServiceManager, service: Service, *, start: bool) -> Path:
    """Have a service started at boot, and, with `start`, now.

    Raises:
        OperationFailed: it could not be; then nothing has changed.

    """
    file = ServiceFile(manager.path(service.name))
    text = manager.text(service)
    former = file.read()
    file.write(text)
    try:
        for command in manager.enabling(service.name, start=start):
            run(command)
    except PmdaemonError:
        if former is None:
            _try_all(manager.forgetting(service.name))
        file.put_back(former)
        _try_all(manager.after_removal())
        raise
    return file.path


def uninstall(manager: ServiceManager, name: str) -> Path | None:
    """Stop starting a service at boot; what runs goes on. None when there is none.

    Raises:
        OperationFailed: it could not be.

    """
    file = ServiceFile(manager.path(name))
    if file.read() is None:
        return None
    for command in manager.forgetting(name):
        run(command)
    file.remove()
    for command in manager.after_removal():
        run(command)
    return file.path


def run(command: Command) -> None:
    """Run a command of the service manager.

    Raises:
        OperationFailed: it is not there, or it failed; the sentence has its last words.

    """
    typed = " ".join(command)
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise OperationFailed(f"{typed} did not end within {PATIENCE:g} s") from None
    except OSError as error:
        raise OperationFailed(f"cannot run {command[0]}: {why(error)}") from error
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        # The last line is often about where to read on.
        reasons = [line.strip() for line in said if not line.startswith("See ")]
        reason = shown(reasons[-1]) if reasons else "it does not say why"
        raise OperationFailed(f"{typed} failed: {reason}", command=list(command), output=said)


def _try_all(commands: Sequence[Command]) -> None:
    for command in commands:
        try:
            run(command)
        except OperationFailed:
            continue  # we are undoing; the first failure is what is said
