import os
import stat

import pytest

from pmdaemon.adapters.secret_files import HomeSecretFiles
from pmdaemon.core.errors import HomeUnusable


def mode_of(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def test_nobody_else_may_read_what_is_written(tmp_path):
    before = os.umask(0)
    try:
        path = HomeSecretFiles(tmp_path).write("api-key", "sesame\n")
    finally:
        os.umask(before)

    assert mode_of(path) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["api-key"]


def test_a_file_that_others_may_read_is_closed_to_them(tmp_path):
    (tmp_path / "api-key").write_text("sesame\n")
    (tmp_path / "api-key").chmod(0o644)

    assert HomeSecretFiles(tmp_path).read("api-key") == "sesame\n"

    assert mode_of(tmp_path / "api-key") == 0o600


def test_a_file_that_cannot_be_written_is_told_and_nothing_is_left(tmp_path):
    (tmp_path / "api-key").mkdir()

    with pytest.raises(HomeUnusable, match=r"cannot write .*api-key"):
        HomeSecretFiles(tmp_path).write("api-key", "sesame\n")

    assert [one.name for one in tmp_path.iterdir()] == ["api-key"]


@pytest.mark.parametrize("what", ["folder", "bytes"])
def test_a_file_that_cannot_be_read_is_told(tmp_path, what):
    if what == "folder":
        (tmp_path / "api-key").mkdir()
    else:
        (tmp_path / "api-key").write_bytes(b"\xff\xfe")

    with pytest.raises(HomeUnusable, match=r"cannot read .*api-key"):
        HomeSecretFiles(tmp_path).read("api-key")
