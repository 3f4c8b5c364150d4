"""Watching files that are made up."""

from collections.abc import Callable

from pmdaemon.core.watching import WatchOrder
from pmdaemon.engine.interfaces import Cancellable


class FakeFileWatch:
    """Tells of a change when `change` is called; `orders` are those that are watched now."""

    def __init__(self) -> None:
        self._watching: list[_Watching] = []

    @property
    def orders(self) -> list[WatchOrder]:
        """What is watched now."""
        return [one.order for one in self._watching]

    def watch(self, order: WatchOrder, on_change: Callable[[str], None]) -> Cancellable:
        """Call `on_change` with the path of whatever changes from now on."""
        watching = _Watching(order, on_change, self._watching)
        self._watching.append(watching)
        return watching

    def change(self, path: str, *, is_folder: bool = False) -> None:
        """Let a file change."""
        for one in tuple(self._watching):
            for root in one.order.paths:
                below = path == root or path.startswith(f"{root}/")
                if below and not _is_ignored(one.order, root, path, is_folder=is_folder):
                    one.on_change(path)


class _Watching:
    def __init__(
        self, order: WatchOrder, on_change: Callable[[str], None], among: "list[_Watching]"
    ) -> None:
        self.order = order
        self.on_change = on_change
        self._among = among

    def cancel(self) -> None:
        self._among.remove(self)


def _is_ignored(order: WatchOrder, root: str, path: str, *, is_folder: bool) -> bool:
    parents = path.removeprefix(root).strip("/").split("/")[:-1]
    above = [root + "/" + "/".join(parents[: depth + 1]) for depth in range(len(parents))]
    if any(order.ignores(root, folder, is_folder=True) for folder in above):
        return True
    return order.ignores(root, path, is_folder=is_folder)
