import json
import logging
import os
import stat

import pytest

from pmdaemon.adapters import log_copies
from pmdaemon.adapters.copy_records import settle_all
from pmdaemon.adapters.log_copies import PAUSE, RETRY, Copier
from pmdaemon.core.log_copies import LogCopy
from pmdaemon.core.logs import OutputStream
from pmdaemon.core.spec import LogPolicy
from tests.fakes.clock import FakeClock
from tests.support.disks import small_disk

UNBOUNDED = LogPolicy(max_size=0)


class Killed(Exception):
    """What a kill is, for a daemon that runs in this process."""


class Scene:
    """An output that grows, and a copy of it."""

    def __init__(self, folder):
        self.folder = folder
        self.output = folder / "logs" / "web-0.out"
        self.output.parent.mkdir()
        self.output.touch()
        self.target = folder / "own" / "web.log"
        self.clock = FakeClock()
        self.rotated = []
        self.copier = None

    def begin(self, policy=UNBOUNDED, target=None, **form):
        wording = {"date_format": None, "json": False, **form}
        copy = LogCopy(OutputStream.OUT, str(target or self.target), **wording)
        settle_all(str(self.output.parent))
        self.copier = Copier(
            str(self.output),
            copy,
            policy,
            self.clock,
            pm_id=0,
            name="web",
            on_rotated=self.rotated.append,
        )
        return self.copier

    def prints(self, text):
        with self.output.open("ab") as file:
            file.write(text.encode())
        self.copier.look()

    def rotates(self):
        for number in range(8, -1, -1):
            file = self.output.with_name(f"web-0.out.{number}") if number else self.output
            if file.exists():
                file.rename(self.output.with_name(f"web-0.out.{number + 1}"))
        self.output.touch()

    @property
    def copied(self):
        return self.target.read_text() if self.target.exists() else None


@pytest.fixture
def scene(tmp_path):
    scene = Scene(tmp_path)
    yield scene
    if scene.copier is not None:
        scene.copier.stop()


def test_whole_lines_are_copied_at_once_and_then_by_and_by(scene):
    scene.begin()

    scene.prints("one\ntw")
    assert scene.copied == "one\n"
    scene.prints("o\nthree\n")
    assert scene.copied == "one\n"
    scene.clock.advance(PAUSE)

    assert scene.copied == "one\ntwo\nthree\n"


def test_what_was_there_before_is_not_copied(scene):
    scene.output.write_text("of yesterday\n")
    scene.begin()
    scene.prints("new\n")

    assert scene.copied == "new\n"


def test_lines_are_worded(scene):
    scene.begin(json=True)
    scene.prints("one\n")

    assert json.loads(scene.copied)["message"] == "one"


def test_copying_goes_on_through_rotation(scene):
    scene.begin()
    scene.prints("one\ntw")
    scene.rotates()
    scene.output.write_text("o\n")
    scene.rotates()
    scene.output.write_text("three\n")
    scene.clock.advance(PAUSE)
    scene.clock.advance(PAUSE)

    assert scene.copied == "one\ntwo\nthree\n"


def test_the_next_daemon_goes_on_where_this_one_was(scene):
    scene.begin()
    scene.prints("one\nunfin")
    scene.copier.stop()
    with scene.output.open("a") as output:
        output.write("ished\n")
    scene.rotates()
    scene.output.write_text("three\n")

    scene.begin()
    scene.clock.advance(PAUSE)

    assert scene.copied == "one\nunfinished\nthree\n"


@pytest.mark.parametrize("after", range(12))
def test_a_kill_at_any_moment_neither_loses_nor_doubles_a_byte(scene, monkeypatch, after):
    """Each step that changes a file is the last one in turn, and the one after it half done."""
    lines = [f"line {number}\n" for number in range(4)]
    scene.begin()
    steps = iter(range(100))

    def dying(real):
        def write(fd, data, *rest):
            if next(steps) == after:
                real(fd, data[: len(data) // 2], *rest)
                raise Killed
            return real(fd, data, *rest)

        return write

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", dying(os.write))
        patched.setattr(os, "ftruncate", lambda *_: None)
        pwrite = os.pwrite

        def dying_before(fd, data, offset):
            if next(steps) == after:
                raise Killed
            return pwrite(fd, data, offset)

        patched.setattr(os, "pwrite", dying_before)
        for line in lines:
            try:
                scene.prints(line)
                scene.clock.advance(PAUSE)
            except Killed:
                break

    with scene.output.open("w") as file:
        file.write("".join(lines))  # the program prints on
    scene.copier.stop()
    scene.begin()
    scene.clock.advance(PAUSE)

    assert scene.copied == "".join(lines)


def test_two_outputs_share_one_copy(scene, tmp_path):
    scene.begin()
    (tmp_path / "other").mkdir()
    other = Scene(tmp_path / "other")
    other.begin(target=scene.target)

    scene.prints("a\n")
    other.prints("b\n")

    assert scene.copied == "a\nb\n"
    other.copier.stop()


def test_a_copy_that_is_moved_away_is_begun_anew(scene, tmp_path):
    scene.begin()
    scene.prints("one\n")
    scene.target.rename(tmp_path / "moved")

    scene.clock.advance(PAUSE)
    scene.prints("two\n")

    assert scene.copied == "two\n"


@pytest.mark.parametrize("compress", [True, False])
def test_a_full_copy_is_exchanged_for_a_new_one(scene, compress):
    scene.begin(LogPolicy(max_size=8, keep=2, compress=compress))
    for number in range(8):
        scene.prints(f"line {number}\n")
        scene.clock.advance(PAUSE)
        scene.clock.advance(PAUSE)

    older = [scene.target.with_name(f"web.log.{number}").read_text() for number in (1, 2)]
    assert older == ["line 6\nline 7\n", "line 4\nline 5\n"]
    assert not scene.target.with_name("web.log.3").exists()
    assert set(scene.rotated) == ({str(scene.target)} if compress else set())
    assert not (scene.target.parent / ".times").exists()


def test_a_disk_that_is_full_is_waited_for(scene, tmp_path, caplog):
    with small_disk(tmp_path / "disk", size=64 * 1024) as disk:
        full = disk / "full"
        full.write_bytes(b"x" * 60 * 1024)
        target = disk / "web.log"
        scene.begin(target=target)
        with caplog.at_level(logging.WARNING):
            scene.prints("a line of some length\n" * 1000)
            scene.clock.advance(RETRY)
        assert target.read_bytes() == b""

        full.unlink()
        scene.clock.advance(RETRY)

        assert target.read_text() == "a line of some length\n" * 1000
    assert [record.message.split()[0] for record in caplog.records] == ["logs.not_copied"]


def test_a_copy_in_a_place_that_cannot_be_is_said_once(scene, tmp_path, caplog):
    (tmp_path / "file").touch()
    scene.begin(target=tmp_path / "file" / "web.log")

    with caplog.at_level(logging.WARNING):
        scene.prints("one\n")
        scene.clock.advance(RETRY)

    [record] = caplog.records
    assert "web.log reason=Not a directory" in record.message


def test_what_is_no_file_gets_what_it_takes(scene, tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    reading = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    scene.begin(target=fifo)

    scene.prints("one\n")

    assert os.read(reading, 100) == b"one\n"
    os.close(reading)


def test_the_end_is_copied_too_and_nothing_is_left_behind(scene):
    scene.begin()
    scene.prints("one\nunfinished")

    scene.copier.finish()

    assert scene.copied == "one\nunfinished"
    assert list((scene.output.parent / ".copies").iterdir()) == []


def test_an_emptied_output_empties_its_copy(scene):
    scene.begin()
    scene.prints("one\n")
    scene.output.write_text("")

    scene.copier.empty()
    assert scene.copied == ""
    scene.clock.advance(PAUSE)
    scene.prints("two\n")
    scene.clock.advance(PAUSE)

    assert scene.copied == "two\n"


def test_a_copy_can_be_read_by_others_as_the_umask_allows(scene):
    umask = os.umask(0o022)
    try:
        scene.begin()
        scene.prints("one\n")
    finally:
        os.umask(umask)

    assert stat.S_IMODE(scene.target.stat().st_mode) == 0o644


def test_much_output_is_copied_in_pieces_without_pauses(scene, monkeypatch):
    monkeypatch.setattr(log_copies, "PIECE", 1000)
    scene.begin()
    scene.prints("x" * 99 + "\n")
    with scene.output.open("a") as file:
        file.write(("y" * 99 + "\n") * 5000)

    scene.clock.advance(PAUSE)
    for _ in range(20):
        scene.clock.advance(0.0)

    assert scene.target.stat().st_size == 5001 * 100


def test_a_copy_that_somebody_emptied_before_a_kill_gets_no_line_twice(scene):
    scene.begin()
    scene.prints("one\n")
    os.truncate(scene.target, 0)  # as logrotate's copytruncate does

    scene.copier.stop()
    scene.begin()
    scene.prints("two\n")
    scene.clock.advance(PAUSE)

    assert scene.copied == "two\n"
