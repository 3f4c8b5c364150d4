import pytest

from pmdaemon.adapters.private_folders import make_private


def test_all_that_had_to_be_made_is_private(tmp_path):
    made = make_private(tmp_path / "a" / "b")

    assert made.is_dir()
    assert all(one.stat().st_mode & 0o077 == 0 for one in (made, made.parent))
    assert make_private(made) == made


def test_what_is_in_the_way_is_said(tmp_path):
    (tmp_path / "a").write_text("x")

    with pytest.raises(OSError, match="a"):
        make_private(tmp_path / "a" / "b")
