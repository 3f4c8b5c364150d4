"""Which files matter to whoever watches for changes."""

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

from pmdaemon.core.spec import AppSpec

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec


class WatchOrder(Struct, frozen=True):
    """What is to be watched: files, and folders with all that is below them.

    What the patterns of `ignore` say, relative to each of the `paths`, is left out, folders with
    all that they hold. `never` are paths that are left out also where no pattern names them: what
    we write ourselves.
    """

    paths: tuple[str, ...]
    ignore: tuple[str, ...] = ()
    never: tuple[str, ...] = ()

    def ignores(self, root: str, path: str, *, is_folder: bool) -> bool:
        """Tell whether changes of a file, or anything in a folder, below a root do not matter."""
        # A file that we write has others beside it that begin with its name, older ones.
        if any(path == one or path.startswith((f"{one}.", f"{one}/")) for one in self.never):
            return True
        relative = path.removeprefix(root).lstrip("/")
        if not relative or not self.ignore:
            return False
        return _rules(self.ignore).match_file(f"{relative}/" if is_folder else relative)


def order_of(spec: AppSpec) -> WatchOrder | None:
    """Say what is to be watched for an app; a job is started by its schedule alone."""
    if spec.watch is None or spec.job is not None:
        return None
    logs = spec.logs
    written = (logs.out_file, logs.error_file, logs.combined_file, spec.pid_file)
    return WatchOrder(
        spec.watch.paths, spec.watch.ignore, tuple(path for path in written if path is not None)
    )


@lru_cache(maxsize=128)
def _rules(patterns: Sequence[str]) -> "GitIgnoreSpec":
    from pathspec import GitIgnoreSpec  # noqa: PLC0415 - only who watches pays for it

    return GitIgnoreSpec.from_lines(pattern.removeprefix("./") for pattern in patterns)
