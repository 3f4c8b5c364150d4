import logging
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pmdaemon.daemon.own_log import Lines, OwnLog


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "daemon.log"


@pytest.fixture
def own(path: Path) -> Iterator[OwnLog]:
    handler = OwnLog(str(path), largest=100)
    yield handler
    handler.close()


def say(own: OwnLog, message: str) -> None:
    own.handle(logging.LogRecord("pmdaemon", logging.INFO, "", 0, message, None, None))


@contextmanager
def full_disk(room: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_the_file_is_exchanged_at_its_bound(own: OwnLog, path: Path):
    for number in range(30):
        say(own, f"fact number {number}")

    assert path.stat().st_size <= 100
    assert path.read_text().endswith("fact number 29\n")
    assert sorted(os.listdir(path.parent)) == ["daemon.log", "daemon.log.1"]


def test_a_file_that_cannot_be_exchanged_goes_on_growing(own: OwnLog, path: Path):
    (path.parent / "daemon.log.1").mkdir()

    for number in range(30):
        say(own, f"fact number {number}")

    assert path.read_text() == "".join(f"fact number {number}\n" for number in range(30))


def test_what_a_full_disk_does_not_take_is_lost_without_a_word(
    own: OwnLog, path: Path, capsys: pytest.CaptureFixture[str]
):
    say(own, "before")
    with full_disk(room=7):
        say(own, "lost")

    say(own, "after")

    assert path.read_text() == "before\nafter\n"
    assert capsys.readouterr().err == ""


def test_a_folder_that_is_gone_is_no_harm(own: OwnLog, path: Path):
    path.parent.rmdir()

    say(own, "lost")
    path.parent.mkdir()
    say(own, "after")

    assert path.read_text() == "after\n"


def test_text_that_is_no_unicode_is_written_all_the_same(own: OwnLog, path: Path):
    say(own, "a path: \udcff")

    assert path.read_text() == "a path: \\udcff\n"


def test_the_file_is_for_its_owner_only(own: OwnLog, path: Path):
    say(own, "a fact")

    assert path.stat().st_mode & 0o777 == 0o600


def test_each_line_tells_its_time_like_the_librarys_own():
    theirs = logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s")
    ours = Lines()

    for created in (1_700_000_000.0, 1_700_000_000.25, 1_700_000_001.999, 1_700_000_000.5):
        record = logging.LogRecord("pmdaemon", logging.INFO, "", 0, "a fact", None, None)
        record.created, record.msecs = created, created % 1 * 1000

        assert ours.format(record) == theirs.format(record)
