import os
import stat
from pathlib import Path

import pytest

from pmdaemon.adapters.output_files import open_output, remove_rotated, rotate


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

    assert files(log) == {".1": "log", ".2": "log.1", ".3": "log.2"}
    assert times(log) == {".1": "times", ".2": "times.1", ".3": "times.2"}


def test_the_oldest_file_goes_when_there_are_enough(log: Path):
    write(log, "", ".1", ".2")

    rotate(str(log), keep=2)

    assert files(log) == {".1": "log", ".2": "log.1"}
    assert times(log) == {".1": "times", ".2": "times.1"}


def test_those_beyond_a_smaller_bound_go(log: Path):
    write(log, "", ".1", ".2", ".3", ".4")

    rotate(str(log), keep=1)

    assert files(log) == {".1": "log"}


def test_with_none_to_keep_all_go(log: Path):
    write(log, "", ".1", ".2")

    rotate(str(log), keep=0)

    assert files(log) == {}
    assert times(log) == {}


def test_a_gap_left_by_a_kill_is_filled_and_nothing_is_lost(log: Path):
    write(log, "", ".1", ".3")

    rotate(str(log), keep=3)

    assert files(log) == {".1": "log", ".2": "log.1", ".3": "log.3"}


def test_a_file_without_times_does_not_get_those_of_another(log: Path):
    write(log, "", ".2")
    write(log, ".1", times=False)
    (log.parent / ".times" / f"{log.name}.3").write_text("of nobody")

    rotate(str(log), keep=5)

    assert times(log) == {".1": "times", ".3": "times.2"}


def test_what_cannot_be_rotated_is_still_there(log: Path):
    with pytest.raises(FileNotFoundError):
        rotate(str(log), keep=2)


def test_the_older_files_can_be_removed_across_a_gap(log: Path):
    write(log, "", ".1", ".3", ".4")

    remove_rotated(str(log))

    assert files(log) == {"": "log"}
    assert times(log) == {"": "times"}
