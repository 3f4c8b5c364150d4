import stat
from pathlib import Path

import pytest

from pmdaemon.client import dump_file
from pmdaemon.core.errors import OperationFailed

OLD = [{"name": "old"}]
NEW = [{"name": "new"}]


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "dump.pm2")


def test_what_was_written_is_read(path):
    dump_file.write(path, NEW)

    assert dump_file.read(path) == (NEW, None)


def test_it_is_for_the_user_alone(path):
    dump_file.write(path, OLD)
    dump_file.write(path, NEW)

    for file in (path, dump_file.backup_of(path)):
        assert stat.S_IMODE(Path(file).stat().st_mode) == 0o600


def test_the_list_before_is_kept(path):
    dump_file.write(path, OLD)
    dump_file.write(path, NEW)

    assert dump_file.read(dump_file.backup_of(path)) == (OLD, None)


@pytest.mark.parametrize("broken", [b"", b"{bad", b"{}", b"[1]", b"\xff", b"[" * 100_000])
def test_a_broken_file_is_left_alone_and_its_backup_used(path, broken):
    dump_file.write(path, OLD)
    dump_file.write(path, NEW)
    Path(path).write_bytes(broken)

    entries, fallback = dump_file.read(path)

    assert entries == OLD
    assert fallback is not None
    assert fallback.startswith(f"cannot use {path}: it is ")
    assert Path(path).read_bytes() == broken


def test_a_broken_file_does_not_push_a_good_backup_out(path):
    dump_file.write(path, OLD)
    dump_file.write(path, NEW)
    Path(path).write_text("{bad")

    dump_file.write(path, NEW)

    assert dump_file.read(dump_file.backup_of(path)) == (OLD, None)


def test_a_removed_file_has_its_backup(path):
    dump_file.write(path, OLD)
    dump_file.write(path, NEW)
    Path(path).unlink()

    entries, fallback = dump_file.read(path)

    assert (entries, fallback) == (OLD, f"there is no {path}; using {path}.bak")


def test_nothing_saved_is_said(path):
    with pytest.raises(OperationFailed, match="nothing is saved"):
        dump_file.read(path)


def test_a_broken_file_without_a_backup_is_an_error(path):
    Path(path).write_text("{bad")

    with pytest.raises(OperationFailed, match="nor its backup"):
        dump_file.read(path)

    assert Path(path).read_text() == "{bad"


def test_a_write_that_fails_leaves_the_old_list_and_no_litter(path, tmp_path, monkeypatch):
    dump_file.write(path, OLD)

    def fail(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OperationFailed, match=r"cannot write .*: no space left on device"):
        dump_file.write(path, NEW)

    assert dump_file.read(path) == (OLD, None)
    assert [file.name for file in tmp_path.iterdir()] == ["dump.pm2"]
