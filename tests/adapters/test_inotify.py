import asyncio
import ctypes
import errno
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from pmdaemon.adapters import inotify
from pmdaemon.adapters.file_polling import INTERVAL
from pmdaemon.adapters.inotify import InotifyFileWatch
from pmdaemon.core.watching import WatchOrder
from tests.fakes.clock import FakeClock
from tests.support.waiting import eventually


class Scene:
    def __init__(self, root):
        self.root = root
        self.clock = FakeClock()
        self.told = []
        self.watch = InotifyFileWatch(self.clock, never=(str(root / "home"),))

    def begin(self, *ignore, paths=None):
        order = WatchOrder(paths or (str(self.root),), ignore)
        self.watching = self.watch.watch(order, self.told.append)

    @property
    def watches(self):
        return len(self.watch._watches)

    async def hears(self, path):
        await eventually(lambda: str(self.root / path) in self.told)


@pytest.fixture
async def scene(tmp_path):
    made = Scene(tmp_path)
    yield made
    made.watching.cancel()


def project(root, modules=50):
    for number in range(modules):
        (root / f"node_modules/m{number}/lib").mkdir(parents=True)
    (root / "src/routes").mkdir(parents=True)
    (root / ".git/objects").mkdir(parents=True)


async def test_what_is_ignored_is_not_even_watched(scene):
    project(scene.root)

    scene.begin("node_modules", ".*")

    assert scene.watches == 3  # the root, src and src/routes


async def test_our_own_files_are_watched_by_nobody(scene):
    (scene.root / "home/logs").mkdir(parents=True)
    scene.begin()
    assert scene.watches == 1

    (scene.root / "home/logs/app.out").write_text("x")
    (scene.root / "marker").write_text("x")

    await scene.hears("marker")
    assert not any(path.startswith(str(scene.root / "home")) for path in scene.told)


async def test_a_folder_that_goes_is_watched_no_more_and_one_that_comes_is(scene):
    project(scene.root)
    scene.begin("node_modules", ".*")

    shutil.move(scene.root / "src", scene.root.with_name("elsewhere"))
    await scene.hears("src")
    await eventually(lambda: scene.watches == 1)
    shutil.move(scene.root.with_name("elsewhere"), scene.root / "back")
    await eventually(lambda: scene.watches == 3)

    (scene.root / "back/routes/a.js").write_text("x")
    await scene.hears("back/routes/a.js")


async def test_a_checkout_that_changes_everything_leaves_everything_watched(scene):
    project(scene.root)
    scene.begin("node_modules", ".*")

    for _ in range(3):
        shutil.rmtree(scene.root / "src")
        (scene.root / "src/routes").mkdir(parents=True)

    (scene.root / "marker").write_text("x")
    await scene.hears("marker")
    await eventually(lambda: scene.watches == 3)
    (scene.root / "src/routes/a.js").write_text("x")
    await scene.hears("src/routes/a.js")


async def test_the_next_one_to_watch_gets_a_descriptor_of_its_own(scene):
    scene.begin()
    scene.watching.cancel()
    assert scene.watch._fd is None

    scene.begin()
    (scene.root / "a.js").write_text("x")

    await scene.hears("a.js")


async def test_without_any_watches_left_it_is_looked_at_now_and_then(scene, monkeypatch, caplog):
    def spent(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(scene.watch, "_add", spent)
    scene.begin()

    (scene.root / "a.js").write_text("x")
    scene.clock.advance(INTERVAL)

    assert scene.told == [str(scene.root / "a.js")]
    assert "files.polled" in caplog.text


async def test_what_the_kernel_could_not_keep_up_with_is_looked_through_anew(scene):
    scene.begin()
    (scene.root / "new").mkdir()
    scene.watch._begin_again()

    assert scene.told[-1] == ""
    (scene.root / "new/a.js").write_text("x")
    await scene.hears("new/a.js")


async def test_names_that_are_not_utf_8_are_heard_of(scene):
    scene.begin()

    Path(os.fsdecode(os.fsencode(scene.root) + b"/\xff.js")).write_text("x")

    await scene.hears(os.fsdecode(b"\xff.js"))


async def test_a_folder_that_is_not_ours_to_read_is_passed_over(scene):
    class Refusing:
        """Stands for the kernel: who runs this may be root, to whom it refuses nothing."""

        def __init__(self, libc):
            self.inotify_init1, self.inotify_rm_watch = libc.inotify_init1, libc.inotify_rm_watch
            self._add = libc.inotify_add_watch

        def inotify_add_watch(self, fd, path, mask):
            if path.endswith(b"closed"):
                ctypes.set_errno(errno.EACCES)
                return -1
            return self._add(fd, path, mask)

    (scene.root / "closed").mkdir()
    (scene.root / "open").mkdir()
    scene.watch._libc = Refusing(scene.watch._libc)

    scene.begin()

    assert scene.watches == 2


async def test_links_to_folders_are_not_followed(scene):
    (scene.root / "real").mkdir()
    (scene.root / "link").symlink_to(scene.root / "real")

    scene.begin()

    assert scene.watches == 2


def test_the_numbers_are_those_of_the_header():
    names = (
        "CLOSE_WRITE MOVED_FROM MOVED_TO CREATE DELETE Q_OVERFLOW IGNORED ONLYDIR DONT_FOLLOW ISDIR"
    )
    words = ", ".join(f"IN_{name}" for name in names.split())
    source = "#include <stdio.h>\n#include <sys/inotify.h>\n"
    source += f'int main() {{ printf("{"%u " * len(names.split())}", {words}); }}'
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler")
    program = Path(os.environ.get("TMPDIR", "/tmp"), f"inotify-{os.getpid()}")
    try:
        subprocess.run([compiler, "-x", "c", "-", "-o", program], input=source.encode(), check=True)
        numbers = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    finally:
        program.unlink(missing_ok=True)

    assert list(map(int, numbers.split())) == [
        inotify.CLOSE_WRITE, inotify.MOVED_FROM, inotify.MOVED_TO, inotify.CREATE, inotify.DELETE,
        inotify.OVERFLOW, inotify.IGNORED, inotify.ONLY_FOLDERS, inotify.NOT_FOLLOWED,
        inotify.IS_FOLDER,
    ]  # fmt: skip


async def test_a_burst_of_changes_is_read_to_its_end(scene):
    scene.begin()

    for number in range(3000):
        (scene.root / f"{number}.js").write_text("x")
        if number % 500 == 0:
            await asyncio.sleep(0)

    await scene.hears("2999.js")
