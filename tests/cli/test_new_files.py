import resource
from contextlib import contextmanager

import pytest

from pmdaemon.cli.new_files import write_new
from pmdaemon.core.errors import InvalidInput


@contextmanager
def no_room():
    """Have nothing written to any file, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_file_is_written_with_its_mode(tmp_path):
    write_new(tmp_path / "run", "one\n", called="run", mode=0o700)

    assert (tmp_path / "run").read_text() == "one\n"
    assert (tmp_path / "run").stat().st_mode & 0o777 == 0o700


def test_a_file_that_is_there_stays_as_it_is(tmp_path):
    (tmp_path / "run").write_text("mine")

    with pytest.raises(InvalidInput, match="run is there already, and was left as it is"):
        write_new(tmp_path / "run", "one\n", called="run")
    assert (tmp_path / "run").read_text() == "mine"


def test_nothing_is_left_of_a_file_that_there_is_no_room_for(tmp_path):
    with no_room(), pytest.raises(InvalidInput, match="cannot write run: file too large"):
        write_new(tmp_path / "run", "one\n", called="run")

    assert list(tmp_path.iterdir()) == []
