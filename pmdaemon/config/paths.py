"""The home: where everything of one daemon is.

Every command of the CLI loads this module, so it gets by with what Python has loaded at start
anyway: `os.path` instead of pathlib, and the rest imported where it is needed.
"""

import contextlib
import os
import stat
import sys
from collections.abc import Iterator, Mapping

from pmdaemon.core.errors import HomeUnusable
from pmdaemon.core.wording import shown, why

LONGEST_SOCKET_ADDRESS = 107 if sys.platform == "linux" else 103
"""Bytes in `sun_path` of unix(7), less the NUL at its end."""


class Home:
    """The folder of one daemon, by its absolute path; there need not be one yet.

    A plain class: `dataclasses`, or `typing`, would be a good part of the keeper's memory, and of
    the time that a command takes.
    """

    __slots__ = ("path",)

    def __init__(self, path: str) -> None:
        self.path = path

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "Home":
        """Find the home: `$PMDAEMON_HOME`, else a folder among the user's data.

        Raises:
            HomeUnusable: the user has no folder at all.

        """
        chosen = environ.get("PMDAEMON_HOME")
        if chosen:
            return cls(_absolute(_expanded(chosen, environ)))
        if sys.platform != "linux":
            import platformdirs

            return cls(platformdirs.user_data_dir("pmdaemon", appauthor=False))
        data = environ.get("XDG_DATA_HOME", "")
        # The XDG Base Directory Specification wants relative paths to be ignored.
        if not os.path.isabs(data):
            data = _expanded("~/.local/share", environ)
        return cls(os.path.join(os.path.normpath(data), "pmdaemon"))

    @property
    def id(self) -> str:
        """A name for this home, the same by whatever path it was reached, unique on this machine.

        Raises:
            FileNotFoundError: there is no home.

        """
        found = os.stat(self.path)
        return f"{found.st_dev:x}-{found.st_ino:x}"

    @property
    def socket(self) -> str:
        """The control socket; to bind or connect, use `socket_address`."""
        return os.path.join(self.path, "daemon.sock")

    @property
    def lock(self) -> str:
        """The file whose lock makes the daemon the only one of this home."""
        return os.path.join(self.path, "daemon.lock")

    @property
    def pid_file(self) -> str:
        """The file with the daemon's pid, for people."""
        return os.path.join(self.path, "daemon.pid")

    @property
    def database(self) -> str:
        """The store."""
        return os.path.join(self.path, "state.db")

    @property
    def logs_dir(self) -> str:
        """What the programs wrote."""
        return os.path.join(self.path, "logs")

    @property
    def run_dir(self) -> str:
        """FIFOs, and whatever else means nothing after a reboot."""
        return os.path.join(self.path, "run")

    @property
    def notify_socket(self) -> str:
        """Where programs say that they are ready."""
        return os.path.join(self.run_dir, "notify.sock")

    @property
    def daemon_log(self) -> str:
        """What the daemon itself has to say."""
        return os.path.join(self.path, "daemon.log")

    @property
    def data_dir(self) -> str:
        """Where programs may keep files for good."""
        return os.path.join(self.path, "storage", "data")

    @property
    def temporary_dir(self) -> str:
        """Where programs may keep files for the time being."""
        return os.path.join(self.path, "storage", "temp")

    @property
    def projects_dir(self) -> str:
        """What is deployed: code, releases and logs, a folder for each project."""
        return os.path.join(self.path, "projects")

    @property
    def settings(self) -> str:
        """What holds for all apps."""
        return os.path.join(self.path, "settings.toml")

    @property
    def audit_log(self) -> str:
        """What was changed over the network, and by whom."""
        return os.path.join(self.path, "audit.log")

    @property
    def dump(self) -> str:
        """What `save` writes and `resurrect` reads, under PM2's name for it."""
        return os.path.join(self.path, "dump.pm2")

    @property
    def conf(self) -> str:
        """Values that `set` keeps, under PM2's name for them."""
        return os.path.join(self.path, "module_conf.json")

    def ensure(self) -> None:
        """Make the home, open to nobody else, unless it is there.

        Raises:
            HomeUnusable: it cannot be made, or what is there cannot serve as one.

        """
        with self._refusing():
            os.makedirs(os.path.dirname(self.path), exist_ok=True)
            with contextlib.suppress(FileExistsError):
                os.mkdir(self.path, 0o700)
            self._check(os.stat(self.path))
            os.makedirs(self.logs_dir, 0o700, exist_ok=True)
            os.makedirs(self.run_dir, 0o700, exist_ok=True)
            os.makedirs(self.data_dir, 0o700, exist_ok=True)
            os.makedirs(self.temporary_dir, 0o700, exist_ok=True)

    @contextlib.contextmanager
    def socket_address(self) -> Iterator[str]:
        """Give an address to bind or connect the control socket by, however long its path.

        On Linux a path that is too long is replaced by one through a descriptor of the home, good
        as long as the context lasts.

        Raises:
            HomeUnusable: the path is too long for this system.
            FileNotFoundError: there is no home.

        """
        if len(os.fsencode(self.socket)) <= LONGEST_SOCKET_ADDRESS:
            yield self.socket
            return
        if sys.platform != "linux":
            raise self._unusable("its path is too long for a socket; set PMDAEMON_HOME")
        descriptor = os.open(self.path, os.O_PATH | os.O_DIRECTORY)
        try:
            yield f"/proc/self/fd/{descriptor}/{os.path.basename(self.socket)}"
        finally:
            os.close(descriptor)

    @contextlib.contextmanager
    def _refusing(self) -> Iterator[None]:
        try:
            yield
        except (FileExistsError, NotADirectoryError) as error:
            raise self._unusable(f"{shown(error.filename)} is not a folder") from error
        except OSError as error:
            raise self._unusable(f"{shown(error.filename)}: {why(error)}") from error
        except ValueError as error:
            raise self._unusable(str(error)) from error

    def _check(self, found: os.stat_result) -> None:
        if not stat.S_ISDIR(found.st_mode):
            raise self._unusable("there is a file in its place")
        if found.st_uid != os.geteuid():
            raise self._unusable(f"it belongs to another user (uid {found.st_uid})")
        if not os.access(self.path, os.R_OK | os.W_OK | os.X_OK):
            raise self._unusable("it is not writable")
        if stat.S_IMODE(found.st_mode) & 0o077:
            # A slip as PMDAEMON_HOME=/ must not lock a whole system out.
            if os.listdir(self.path) and not os.path.exists(self.lock):
                raise self._unusable("it holds other things and is open to other users")
            os.chmod(self.path, 0o700)

    def _unusable(self, reason: str) -> HomeUnusable:
        return HomeUnusable(f"cannot use {shown(self.path)} as home: {reason}", home=self.path)


def from_here(path: str) -> str:
    """Return a path as somebody typed it, from the folder they are in, or their home, as `~`.

    The name of a user that does not exist is left as it is, as a shell does.
    """
    return os.path.abspath(os.path.expanduser(path))


def _expanded(path: str, environ: Mapping[str, str]) -> str:
    if path != "~" and not path.startswith("~/"):
        return path
    user = environ.get("HOME") or os.path.expanduser("~")
    if not os.path.isabs(user):
        raise HomeUnusable("cannot find your home folder: set PMDAEMON_HOME")
    return user + path[1:]


def _absolute(path: str) -> str:
    try:
        return os.path.abspath(path)
    except FileNotFoundError as error:
        message = f"cannot use {shown(path)} as home: the folder you are in is gone"
        raise HomeUnusable(message, home=path) from error
