import os
import stat
from pathlib import Path

import pytest

from pmdaemon.adapters.output_files import (
    open_output,
    plain_older,
    put_compressed,
    remove_expired,
    remove_rotated,
    rotate,
)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    (tmp_path / ".times").mkdir()
    return tmp_path / "app-0.out"


def write(log: Path, *suffixes: str, times: bool = True) -> None:
    for suffix in suffixes:
        Path(f"{log}{suffix}").write_text(f"log{suffix}")
        if times:
            (log.parent / ".times" / f"{log.name}{suffix}").write_text(f"times{suffix}")


def files(log: Path) -> dict[str, str]:
    return {
        path.name.removeprefix(log.name): path.read_text()
        for path in log.parent.iterdir()
        if path.is_file()
    }


def times(log: Path) -> dict[str, str]:
    folder = log.parent / ".times"
    return {path.name.removeprefix(log.name): path.read_text() for path in folder.iterdir()}


def test_a_file_is_made_with_its_folder_for_its_owner_only(tmp_path: Path):
    path = tmp_path / "logs" / "app-0.out"

    os.close(open_output(str(path)))

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_rotation_moves_each_file_one_on_with_its_times(log: Path):
    write(log, "", ".1", ".2")

    rotate(str(log), keep=5)

    assert files(log) == {"": "", ".1": "log", ".2": "log.1", ".3": "log.2"}
    assert times(log) == {".1": "times", ".2": "times.1", ".3": "times.2"}


def test_the_oldest_file_goes_when_there_are_enough(log: Path):
    write(log, "", ".1", ".2")

    rotate(str(log), keep=2)

    assert files(log) == {"": "", ".1": "log", ".2": "log.1"}
    assert times(log) == {".1": "times", ".2": "times.1"}


def test_those_beyond_a_smaller_bound_go(log: Path):
    write(log, "", ".1", ".2", ".3", ".4")

    rotate(str(log), keep=1)

    assert files(log) == {"": "", ".1": "log"}


def test_with_none_to_keep_all_go(log: Path):
    write(log, "", ".1", ".2")

    rotate(str(log), keep=0)

    assert files(log) == {"": ""}
    assert times(log) == {}


def test_a_gap_left_by_a_kill_is_filled_and_nothing_is_lost(log: Path):
    write(log, "", ".1", ".3")

    rotate(str(log), keep=3)

    assert files(log) == {"": "", ".1": "log", ".2": "log.1", ".3": "log.3"}


def test_a_file_without_times_does_not_get_those_of_another(log: Path):
    write(log, "", ".2")
    write(log, ".1", times=False)
    (log.parent / ".times" / f"{log.name}.3").write_text("of nobody")

    rotate(str(log), keep=5)

    assert times(log) == {".1": "times", ".3": "times.2"}


def test_a_file_stays_where_no_other_can_be_made(log: Path):
    write(log, "", ".1")
    (log.parent / ".times" / f"{log.name}.next").mkdir()

    with pytest.raises(IsADirectoryError):
        rotate(str(log), keep=5)

    assert files(log) == {"": "log", ".1": "log.1"}


def test_what_cannot_be_rotated_is_still_there(log: Path):
    with pytest.raises(FileNotFoundError):
        rotate(str(log), keep=2)


def test_the_older_files_can_be_removed_across_a_gap(log: Path):
    write(log, "", ".1", ".3", ".4")

    remove_rotated(str(log))

    assert files(log) == {"": "log"}
    assert times(log) == {"": "times"}


def test_a_compressed_file_moves_on_as_a_plain_one_does(log: Path):
    write(log, "", ".1", ".3")
    write(log, ".2.gz", times=False)
    (log.parent / ".times" / f"{log.name}.2").write_text("times.2")

    rotate(str(log), keep=4)

    assert files(log) == {"": "", ".1": "log", ".2": "log.1", ".3.gz": "log.2.gz", ".4": "log.3"}
    assert times(log) == {".1": "times", ".2": "times.1", ".3": "times.2", ".4": "times.3"}


def test_of_two_forms_of_a_file_the_plain_one_counts(log: Path):
    write(log, "", ".1", ".2")
    write(log, ".2.gz", times=False)

    rotate(str(log), keep=5)

    assert files(log) == {"": "", ".1": "log", ".2": "log.1", ".3": "log.2"}


def test_a_compressed_file_counts_as_one_to_keep(log: Path):
    write(log, "", ".1")
    write(log, ".2.gz", ".3.gz", times=False)

    rotate(str(log), keep=2)

    assert files(log) == {"": "", ".1": "log", ".2": "log.1"}


def test_compressed_files_are_removed_with_the_others(log: Path):
    write(log, "", ".1", ".2")
    write(log, ".2.gz", ".3.gz", times=False)

    remove_rotated(str(log))

    assert files(log) == {"": "log"}


def set_written(log: Path, **moments: float) -> None:
    for suffix, moment in moments.items():
        os.utime(f"{log}.{suffix.removeprefix('n').replace('_', '.')}", (moment, moment))


def test_what_was_last_written_to_too_long_ago_goes(log: Path):
    write(log, "", ".1", ".2", ".3.gz")
    set_written(log, n1=300, n2=200, n3_gz=100)

    oldest = remove_expired(str(log), 200)

    assert oldest == 200
    assert files(log) == {"": "log", ".1": "log.1", ".2": "log.2"}


def test_nothing_is_left_where_all_is_too_old(log: Path):
    write(log, "", ".1", ".2")
    set_written(log, n1=2, n2=1)

    assert remove_expired(str(log), 200) is None
    assert files(log) == {"": "log"}
    assert times(log) == {"": "times"}


def test_a_file_behind_a_young_one_is_not_removed_alone(log: Path):
    write(log, "", ".1", ".2")
    set_written(log, n1=100, n2=300)

    assert remove_expired(str(log), 200) == 300
    assert files(log) == {"": "log", ".1": "log.1", ".2": "log.2"}


def test_the_youngest_of_the_older_files_is_not_to_be_compressed(log: Path):
    write(log, "", ".1")

    assert plain_older(str(log)) is None

    write(log, ".2.gz", ".3", ".4")

    assert plain_older(str(log)) == f"{log}.3"


def identity_of(path: str) -> tuple[int, int]:
    status = os.stat(path)
    return status.st_dev, status.st_ino


def test_a_compressed_file_takes_the_place_that_its_source_has_by_then(log: Path):
    write(log, "", ".1", ".2")
    source = identity_of(f"{log}.2")
    (log.parent / "part").write_text("compressed")

    rotate(str(log), keep=5)
    done = put_compressed(str(log.parent / "part"), str(log), source)

    assert done
    assert files(log) == {"": "", ".1": "log", ".2": "log.1", ".3.gz": "compressed"}
    assert times(log)[".3"] == "times.2"


def test_what_was_made_of_a_file_that_is_gone_takes_no_place(log: Path):
    write(log, "", ".1", ".2")
    source = identity_of(f"{log}.2")
    (log.parent / "part").write_text("compressed")

    rotate(str(log), keep=2)
    done = put_compressed(str(log.parent / "part"), str(log), source)

    assert not done
    assert files(log) == {"": "", "part": "compressed", ".1": "log", ".2": "log.1"}
