import pytest

from pmdaemon.adapters.private_files import make_private, write_private


def test_all_that_had_to_be_made_is_private(tmp_path):
    made = make_private(tmp_path / "a" / "b")

    assert made.is_dir()
    assert all(one.stat().st_mode & 0o077 == 0 for one in (made, made.parent))
    assert make_private(made) == made


def test_what_is_in_the_way_is_said(tmp_path):
    (tmp_path / "a").write_text("x")

    with pytest.raises(OSError, match="a"):
        make_private(tmp_path / "a" / "b")


def test_a_file_is_private_with_the_folders_that_it_takes(tmp_path):
    path = tmp_path / "a" / "b" / "key"

    write_private(path, b"old")
    write_private(path, b"secret")

    assert path.read_bytes() == b"secret"
    assert all(one.stat().st_mode & 0o077 == 0 for one in (path, path.parent, path.parent.parent))
    assert [*path.parent.iterdir()] == [path]


def test_of_a_file_that_cannot_be_put_in_its_place_nothing_is_left(tmp_path):
    (tmp_path / "key" / "in the way").mkdir(parents=True)

    with pytest.raises(OSError, match="key"):
        write_private(tmp_path / "key", b"secret")

    assert [one.name for one in tmp_path.iterdir()] == ["key"]
