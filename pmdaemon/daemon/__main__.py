"""`python -m pmdaemon.daemon`: started by the command line, detached, one for each home."""

import argparse
import asyncio
import json
import logging
import logging.handlers
import os
import sys
from contextlib import suppress
from pathlib import Path

from pmdaemon import __version__
from pmdaemon.config.paths import Home
from pmdaemon.core.errors import PmdaemonError
from pmdaemon.daemon import lifecycle

LOG_SIZE = 1024 * 1024
"""Bytes of the daemon's own log, and of the one older that is kept."""


class Starter:
    """Whoever started us, and waits to hear how that went."""

    def __init__(self, ready_fd: int | None) -> None:
        self._fd = ready_fd

    def tell(self, line: dict[str, object]) -> None:
        """Write one line, the first time; a starter that has gone away does not matter."""
        if self._fd is None:
            return
        with suppress(OSError):
            os.write(self._fd, json.dumps(line).encode() + b"\n")
            os.close(self._fd)
        self._fd = None


def main() -> int:
    """Start, report readiness or what went wrong through the given descriptor, and run."""
    options = _options()
    home = Home(Path(options.home))
    starter = Starter(options.ready_fd)
    try:
        home.ensure()
        lock = lifecycle.hold(home)
        _log_to(home.daemon_log)
        home.pid_file.write_text(f"{os.getpid()}\n")
        log = logging.getLogger("pmdaemon.daemon")
        log.info("daemon.starting version=%s home=%s lock=%d", __version__, home.path, lock)
        asyncio.run(lifecycle.live(home, lambda: starter.tell({"ready": os.getpid()})))
    except PmdaemonError as error:
        logging.getLogger("pmdaemon.daemon").error("daemon.failed reason=%s", error)  # noqa: TRY400
        starter.tell(
            {"error": {"code": error.code, "message": error.message, "details": error.details}}
        )
        return 1
    except Exception:
        logging.getLogger("pmdaemon.daemon").exception("daemon.failed")
        return 1
    home.pid_file.unlink(missing_ok=True)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m pmdaemon.daemon")
    parser.add_argument("--home", required=True, help="the home to serve")
    parser.add_argument("--ready-fd", type=int, help="descriptor to report readiness on")
    return parser.parse_args()


def _log_to(path: Path) -> None:
    handler = logging.handlers.RotatingFileHandler(
        path, maxBytes=LOG_SIZE, backupCount=1, encoding="utf-8", delay=True
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.getLogger().addHandler(handler)
    logging.getLogger("pmdaemon").setLevel(logging.INFO)


if __name__ == "__main__":
    sys.exit(main())
