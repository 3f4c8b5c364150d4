"""A real ssh server on loopback, for whoever runs the tests, by a key that was made for them."""

import getpass
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.ports import answers, free_port
from tests.support.waiting import eventually_sync

FOR_ROOT = Path("/run/sshd")
"""A folder that sshd of root does not start without (sshd(8))."""

SETTINGS = """\
ListenAddress 127.0.0.1:{port}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/user_key.pub
PidFile none
AuthenticationMethods publickey
PermitRootLogin prohibit-password
StrictModes no
UsePAM no
"""


def sshd_program() -> str:
    """Find sshd, or skip the test."""
    program = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if program is None or shutil.which("ssh") is None:
        pytest.skip("sshd is not installed")
    if os.geteuid() == 0 and not FOR_ROOT.is_dir():
        pytest.skip(f"sshd of root needs {FOR_ROOT}")
    return program


def make_key(path: Path) -> Path:
    """Make a key that has no passphrase; its public part stands beside it."""
    path.unlink(missing_ok=True)
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", str(path)]
    subprocess.run(words, check=True)
    return path


class SshServer:
    """One that lets in whoever has `user_key`."""

    def __init__(self, program: str, folder: Path) -> None:
        self._words = [program, "-D", "-e", "-f", str(folder / "sshd_config")]
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        self.user_key = make_key(folder / "user_key")
        (folder / "sshd_config").write_text(SETTINGS.format(port=self.port, folder=folder))
        self.start()

    def url(self, path: Path) -> str:
        """Word the address of a repository on this machine."""
        return f"ssh://{getpass.getuser()}@127.0.0.1:{self.port}{path}"

    def start(self) -> None:
        """Serve, with another host key than before."""
        self.stop()
        make_key(self._folder / "host_key")
        with (self._folder / "sshd.log").open("ab") as log:
            self._process = subprocess.Popen(self._words, stdin=subprocess.DEVNULL, stderr=log)
        eventually_sync(lambda: answers(self.port))

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(60)
            self._process = None


@contextmanager
def an_ssh_server(folder: Path) -> Iterator[SshServer]:
    """Lend one whose files are in a folder."""
    program = sshd_program()
    folder.mkdir()
    server = SshServer(program, folder)
    try:
        yield server
    finally:
        server.stop()
