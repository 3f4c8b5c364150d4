"""Watching files by inotify(7): the kernel tells what changes in each folder, and nobody polls.

One descriptor serves all. Folders are watched one by one, and those that do not matter are left
out before they are watched, with all that is below them. A folder that appears is watched before it
is read, so nothing in it is missed.
"""

import asyncio
import ctypes
import logging
import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from pmdaemon.adapters.file_polling import PollingFileWatch, folders
from pmdaemon.core.watching import WatchOrder
from pmdaemon.engine.interfaces import Cancellable, Clock

log = logging.getLogger(__name__)

# From <sys/inotify.h>.
CLOSE_WRITE, MOVED_FROM, MOVED_TO, CREATE, DELETE = 0x8, 0x40, 0x80, 0x100, 0x200
OVERFLOW, IGNORED, ONLY_FOLDERS, NOT_FOLLOWED, IS_FOLDER = 0x4000, 0x8000, 1 << 24, 1 << 25, 1 << 30

HEEDED = CLOSE_WRITE | MOVED_FROM | MOVED_TO | CREATE | DELETE

_EVENT = struct.Struct("iIII")

BUFFER = 64 * 1024
"""Bytes of events that are read at once."""


@dataclass(slots=True, eq=False)
class _Tree:
    """What somebody watches; `only` are names in a folder of which the rest does not matter."""

    order: WatchOrder
    on_change: Callable[[str], None]
    only: dict[str, set[str]] = field(default_factory=dict)
    instead: Cancellable | None = None


class InotifyFileWatch:
    """Watches for everybody, in the event loop it is first used in.

    `never` are paths that nobody is to be told of: our own.
    """

    def __init__(self, clock: Clock, *, never: tuple[str, ...] = ()) -> None:
        self._polling = PollingFileWatch(clock, never=never)
        self._never = never
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._fd: int | None = None
        self._watches: dict[int, dict[_Tree, tuple[str, str]]] = {}
        self._trees: set[_Tree] = set()

    def watch(self, order: WatchOrder, on_change: Callable[[str], None]) -> Cancellable:
        """Call `on_change` from the event loop with the path of whatever changes from now on."""
        everything = WatchOrder(order.paths, order.ignore, (*order.never, *self._never))
        tree = _Tree(everything, on_change)
        self._trees.add(tree)
        try:
            self._open()
            self._look_through(tree)
        except OSError as error:
            self._poll_instead(tree, error)
        return _Watch(self, tree)

    def let_go(self, tree: _Tree) -> None:
        """Watch for this one no more."""
        self._trees.discard(tree)
        if tree.instead is not None:
            tree.instead.cancel()
        self._forget(tree)
        if not self._trees and self._fd is not None:
            asyncio.get_running_loop().remove_reader(self._fd)
            os.close(self._fd)
            self._fd = None
            self._watches.clear()

    def _open(self) -> None:
        if self._fd is not None:
            return
        fd = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if fd < 0:
            raise _error()
        self._fd = fd
        asyncio.get_running_loop().add_reader(fd, self._read)

    def _look_through(self, tree: _Tree) -> None:
        for root in tree.order.paths:
            if os.path.isfile(root):  # noqa: PTH113 - bare paths, as the kernel takes them
                folder, name = os.path.split(root)
                tree.only.setdefault(folder, set()).add(name)
                self._add(tree, folder, folder)
            else:
                self._add_all(tree, root, root)

    def _add_all(self, tree: _Tree, root: str, start: str) -> None:
        if tree.order.ignores(root, start, is_folder=True):
            return
        for folder, _ in folders(tree.order, root, start):
            self._add(tree, root, folder)

    def _add(self, tree: _Tree, root: str, folder: str) -> None:
        mask = HEEDED | ONLY_FOLDERS | (NOT_FOLLOWED if folder != root else 0)
        number = self._libc.inotify_add_watch(self._fd, os.fsencode(folder), mask)
        if number < 0:
            error = _error()
            if isinstance(error, FileNotFoundError | NotADirectoryError | PermissionError):
                return  # it is gone again, or not ours to look at
            raise error
        self._watches.setdefault(number, {})[tree] = root, folder

    def _forget(self, tree: _Tree, below: str = "") -> None:
        """Drop the watches of a tree, all or those of a folder that is gone."""
        for number, trees in tuple(self._watches.items()):
            _, folder = trees.get(tree, ("", ""))
            if tree in trees and (not below or folder == below or folder.startswith(f"{below}/")):
                del trees[tree]
                if not trees:
                    del self._watches[number]
                    self._libc.inotify_rm_watch(self._fd, number)

    def _read(self) -> None:
        if self._fd is None:
            return
        try:
            data = os.read(self._fd, BUFFER)
        except BlockingIOError:
            return
        for number, mask, name in _events(data):
            if mask & OVERFLOW:
                self._begin_again()
            elif mask & IGNORED:
                self._watches.pop(number, None)
            else:
                for tree, (root, folder) in tuple(self._watches.get(number, {}).items()):
                    self._tell(tree, root, folder, name, mask)

    def _tell(self, tree: _Tree, root: str, folder: str, name: str, mask: int) -> None:
        path, is_folder = f"{folder}/{name}", bool(mask & IS_FOLDER)
        if folder in tree.only and name not in tree.only[folder]:
            return
        if tree.order.ignores(root, path, is_folder=is_folder):
            return
        if is_folder and mask & MOVED_FROM:
            self._forget(tree, path)
        if is_folder:
            # Whatever happened, there may be another one under that name by now.
            try:
                self._add_all(tree, root, path)
            except OSError as error:
                self._poll_instead(tree, error)
        tree.on_change(path)

    def _begin_again(self) -> None:
        """Look through all anew: the kernel could not keep up, and folders may be missing."""
        for tree in tuple(self._trees):
            if tree.instead is None:
                try:
                    self._look_through(tree)
                except OSError as error:
                    self._poll_instead(tree, error)
                tree.on_change("")

    def _poll_instead(self, tree: _Tree, error: OSError) -> None:
        log.warning("files.polled paths=%s reason=%s", tree.order.paths, error.strerror)
        self._forget(tree)
        tree.instead = self._polling.watch(tree.order, tree.on_change)


class _Watch:
    def __init__(self, watch: InotifyFileWatch, tree: _Tree) -> None:
        self._watch = watch
        self._tree = tree

    def cancel(self) -> None:
        """Watch no more."""
        self._watch.let_go(self._tree)


def _events(data: bytes) -> Iterator[tuple[int, int, str]]:
    offset = 0
    while offset < len(data):
        number, mask, _, length = _EVENT.unpack_from(data, offset)
        offset += _EVENT.size
        name = data[offset : offset + length].rstrip(b"\0")
        offset += length
        yield number, mask, os.fsdecode(name)


def _error() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))
