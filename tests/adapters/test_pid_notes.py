from pmdaemon.adapters.pid_notes import PidNoteFiles


def test_a_pid_is_written_and_removed(tmp_path):
    path = tmp_path / "run" / "web.pid"
    notes = PidNoteFiles()

    notes.write(str(path), 4711)
    assert path.read_text() == "4711\n"
    notes.write(str(path), 12)
    assert path.read_text() == "12\n"

    notes.remove(str(path))
    notes.remove(str(path))
    assert not path.exists()


def test_a_place_that_cannot_be_written_is_logged_and_no_more(tmp_path, caplog):
    (tmp_path / "file").write_text("")
    notes = PidNoteFiles()

    notes.write(str(tmp_path / "file" / "web.pid"), 4711)
    notes.remove(str(tmp_path / "file" / "web.pid"))

    assert "pid_file.not_written" in caplog.text
