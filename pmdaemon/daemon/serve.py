"""`python -m pmdaemon.daemon.serve HOME LINE`: the daemon, as the keeper starts it."""

import asyncio
import logging
import logging.handlers
import os
import socket
import sys
from pathlib import Path

from pmdaemon import __version__
from pmdaemon.adapters.keeper_link import KeeperLink
from pmdaemon.config.paths import Home
from pmdaemon.core.errors import PmdaemonError
from pmdaemon.daemon import lifecycle

LOG_SIZE = 1024 * 1024
"""Bytes of the daemon's own log, and of the one older that is kept."""

log = logging.getLogger("pmdaemon.daemon")


def main(home_path: str, line_fd: str) -> int:
    """Run until asked to end; the exit code tells the keeper what to do next."""
    home = Home(home_path)
    keeper = KeeperLink(socket.socket(fileno=int(line_fd)))
    keeper.receive()
    try:
        _log_to(Path(home.daemon_log))
        log.info("daemon.starting version=%s home=%s", __version__, home.path)
        _write_pid(Path(home.pid_file))
        return asyncio.run(lifecycle.live(home, keeper))
    except PmdaemonError as error:
        log.error("daemon.failed reason=%s", error)  # noqa: TRY400 - the reason says it all
        keeper.say(
            {"failed": {"code": error.code, "message": error.message, "details": error.details}}
        )
    except OSError as error:
        log.exception("daemon.failed")
        keeper.say({"failed": {"code": "daemon_failed", "message": str(error), "details": {}}})
    return 1


def _write_pid(path: Path) -> None:
    try:
        path.write_text(f"{os.getpid()}\n")
    except OSError as error:  # it is for people; the lock is what counts
        log.warning("daemon.no_pid_file reason=%s", error)


def _log_to(path: Path) -> None:
    handler = logging.handlers.RotatingFileHandler(
        path, maxBytes=LOG_SIZE, backupCount=1, encoding="utf-8", delay=True
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.getLogger().addHandler(handler)
    logging.getLogger("pmdaemon").setLevel(logging.INFO)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
