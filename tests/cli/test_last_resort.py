import stat
from pathlib import Path

import pytest

from pmdaemon.cli.last_resort import write_down


def an_error():
    with pytest.raises(ZeroDivisionError) as caught:
        _ = 1 / 0
    return caught.value


def test_the_details_are_in_a_file_for_the_user_alone(tmp_path):
    sentence = write_down(
        an_error(), ["start", "--env", "KEY=hunter2"], {"PMDAEMON_HOME": str(tmp_path)}
    )

    (path,) = tmp_path.iterdir()
    assert sentence.endswith(f"the details are in {path}")
    assert "\n" not in sentence
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = path.read_text()
    assert "Traceback" in text
    assert " start\n" in text
    assert "hunter2" not in text


def test_without_a_home_the_file_is_a_temporary_one(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    sentence = write_down(an_error(), [], {"PMDAEMON_HOME": str(tmp_path / "missing")})

    assert [Path(tmp_path, name).name in sentence for name in tmp_path.iterdir()] == [True]


def test_with_nowhere_to_write_there_is_the_sentence_alone(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))

    sentence = write_down(an_error(), [], {"PMDAEMON_HOME": str(tmp_path / "missing")})

    assert sentence == "this is a fault of pmdaemon itself: ZeroDivisionError: division by zero"


def test_a_file_of_somebody_else_is_not_written_through(tmp_path, monkeypatch):
    target = tmp_path / "target"
    target.write_text("precious")
    monkeypatch.setattr("os.getpid", lambda: 1)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    (tmp_path / "pmdaemon-error-1.log").symlink_to(target)

    write_down(an_error(), [], {"PMDAEMON_HOME": str(tmp_path)})

    assert target.read_text() == "precious"
