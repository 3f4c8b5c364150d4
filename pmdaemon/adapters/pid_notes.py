"""Files with a pid in them, for those who look for one."""

import logging
from pathlib import Path

log = logging.getLogger(__name__)


class PidNoteFiles:
    """Pid files on disk; nothing hangs on them, so what fails is logged."""

    def write(self, path: str, pid: int) -> None:
        """Write it down, in place of what was there."""
        try:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            Path(path).write_text(f"{pid}\n")
        except OSError as error:
            log.warning("pid_file.not_written path=%s reason=%s", path, error.strerror)

    def remove(self, path: str) -> None:
        """Remove it, if it is there."""
        try:
            Path(path).unlink(missing_ok=True)
        except OSError as error:
            log.warning("pid_file.not_removed path=%s reason=%s", path, error.strerror)
