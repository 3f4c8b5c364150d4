import os

import pytest

from pmdaemon.core.errors import OperationFailed
from pmdaemon.install.service_files import ServiceFile
from pmdaemon.install.units import MARK

OURS = f"# {MARK}\n"


@pytest.fixture
def file(tmp_path):
    return ServiceFile(tmp_path / "units" / "app.service")


def test_a_file_is_written_whole_with_its_folder_and_for_all_to_read(file):
    file.write(OURS)

    assert file.read() == OURS
    assert file.path.stat().st_mode & 0o777 == 0o644
    assert os.listdir(file.path.parent) == ["app.service"]


def test_what_is_not_there_reads_as_nothing(file):
    assert file.read() is None


def test_somebody_elses_file_is_refused(file):
    file.path.parent.mkdir()
    file.path.write_text("[Unit]\n")

    with pytest.raises(OperationFailed, match="was not made by pmdaemon startup"):
        file.read()

    assert file.path.read_text() == "[Unit]\n"


def test_a_write_that_fails_leaves_what_was_there(file, monkeypatch):
    file.write(OURS)

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(OperationFailed, match=r"cannot write .*: no space left on device"):
        file.write("something new")

    assert file.read() == OURS
    assert os.listdir(file.path.parent) == ["app.service"]


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "units").write_text("a file")

    with pytest.raises(OperationFailed, match="cannot write"):
        ServiceFile(tmp_path / "units" / "app.service").write(OURS)


def test_a_write_can_be_undone(file):
    file.write(OURS)
    before = file.read()
    file.write(OURS + "new")

    file.put_back(before)
    assert file.read() == OURS

    file.put_back(None)
    assert file.read() is None


def test_removing_what_is_not_there_is_no_error(file):
    file.remove()


def test_what_cannot_be_removed_or_read_is_said(file):
    file.path.mkdir(parents=True)

    with pytest.raises(OperationFailed, match="cannot remove"):
        file.remove()
    with pytest.raises(OperationFailed, match="cannot read"):
        file.read()
