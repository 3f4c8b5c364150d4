"""Releases on disk: a folder for each project, in the home.

    projects/<id>/repo.git     its code
                  releases/    a folder for each release, as 3-1a2b3c4
                  current      leads to the one that is live
                  shared/      what the programs of all releases keep; never touched
                  home/        the home of what builds and runs: caches, and nothing of ours

A folder is never changed once its release runs. What is not wanted any more is moved aside first
and removed then, so that no half-removed release is ever mistaken for a whole one.
"""

import asyncio
import os
import re
import shutil
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from pmdaemon.adapters.private_files import make_private
from pmdaemon.config.release_plans import LOOKED_INTO, TELLING
from pmdaemon.core.releases import Listing
from pmdaemon.engine.interfaces.deploying import CannotRelease

LONGEST_TEXT = 256 * 1024
"""Bytes of a file that tells; of a longer one the beginning is read."""

DOOMED = ".doomed-"


class ProjectFolders:
    """Keeps releases below one folder; what their programs print is in the folder `output`."""

    def __init__(self, folder: Path, output: Path) -> None:
        self._folder = folder
        self._output = output

    def make(self, project_id: str, name: str) -> str:
        """Choose the folder of a new release, and return its path; it is not made yet."""
        releases = make_private(self._project(project_id) / "releases")
        path = releases / name
        _doom(path)  # what a daemon that died has left of it
        return str(path)

    def build_home(self, project_id: str) -> str:
        """Return the folder that commands of a project have for their home."""
        home = self._own(project_id, "home")
        make_private(Path(home) / "tmp")
        return home

    def shared(self, project_id: str) -> str:
        """Return the folder in which the programs of a project keep what outlives a release."""
        return self._own(project_id, "shared")

    def listing(self, folder: str, run_dir: str) -> Listing:
        """Look at the files of a release."""
        root = Path(folder)
        place = root / run_dir
        if not place.is_dir() or not place.resolve().is_relative_to(root.resolve()):
            raise CannotRelease(f"there is no folder {run_dir} in the repository")
        names: set[str] = set()
        for entry in os.scandir(place):
            names.add(f"{entry.name}/" if entry.is_dir() else entry.name)
        for looked_into in LOOKED_INTO:
            if f"{looked_into}/" in names:
                inside = place / looked_into
                names |= {f"{looked_into}/{name}" for name in os.listdir(inside)}  # noqa: PTH208 - names alone
        texts = {name: _beginning(place / name) for name in TELLING if name in names}
        return Listing(frozenset(names), texts)

    def exists(self, folder: str) -> bool:
        """Whether a release is still there."""
        return Path(folder).is_dir()

    def point_at(self, project_id: str, folder: str) -> None:
        """Have `current` of a project lead to a release, at no moment to nothing."""
        project = self._project(project_id)
        with suppress(OSError):  # it is for people; what runs has its own folder
            new = project / ".current-new"
            new.unlink(missing_ok=True)
            new.symlink_to(os.path.relpath(folder, project))
            new.replace(project / "current")

    async def keep_only(self, project_id: str, folders: Collection[str]) -> None:
        """Remove all releases of a project but these."""
        releases = self._project(project_id) / "releases"
        with suppress(FileNotFoundError):
            for path in [*releases.iterdir()]:
                if str(path) not in folders and not path.name.startswith(DOOMED):
                    _doom(path)
            await asyncio.to_thread(_remove_doomed, releases)

    async def remove(self, project_id: str) -> None:
        """Remove all that there is of a project."""
        _doom(self._project(project_id))
        await asyncio.to_thread(_remove_doomed, self._folder)

    def forget_output(self, slug: str, number: int | None = None) -> None:
        """Remove what the programs of a project printed: up to a deployment, or all of it."""
        # File names as `core.logs.file_name` makes them: an @ is escaped.
        pattern = re.compile(rf"{re.escape(slug)}%40([0-9]+)[.-].*")
        with suppress(OSError):
            for path in self._output.iterdir():
                found = pattern.fullmatch(path.name)
                if found is not None and (number is None or int(found[1]) <= number):
                    path.unlink(missing_ok=True)

    def free_bytes(self) -> int:
        """Say how much room is left."""
        place = self._folder
        while not place.exists():
            place = place.parent
        return shutil.disk_usage(place).free

    def _project(self, project_id: str) -> Path:
        return self._folder / project_id

    def _own(self, project_id: str, name: str) -> str:
        return str(make_private(self._project(project_id) / name))


def _beginning(path: Path) -> str:
    # A link leads to somewhere in the release, but what is no file might never end.
    if not path.is_file():
        return ""
    try:
        with path.open("rb") as file:
            return file.read(LONGEST_TEXT).decode(errors="replace")
    except OSError:
        return ""


def _doom(path: Path) -> None:
    for number in range(1000):
        with suppress(FileNotFoundError):
            try:
                path.rename(path.with_name(f"{DOOMED}{path.name}-{number}"))
            except OSError:
                continue  # the name is taken
        return


def _remove_doomed(folder: Path) -> None:
    for path in folder.glob(f"{DOOMED}*"):
        shutil.rmtree(path, onerror=_open_and_try_again)


def _open_and_try_again(_: object, path: str, __: object) -> None:
    """Remove what is in a folder that a build has closed; leave what cannot be removed."""
    with suppress(OSError):
        Path(path).parent.chmod(0o700)
        target = Path(path)
        if target.is_dir() and not target.is_symlink():
            target.chmod(0o700)
            shutil.rmtree(target, ignore_errors=True)
        else:
            target.unlink()
