from pmdaemon.config.paths import Home
from pmdaemon.daemon.make_way import main
from tests.support.scripted_daemon import ScriptedDaemon


def test_the_daemon_is_asked_to_make_way_for_a_new_one(tmp_path):
    home = Home(str(tmp_path))
    with ScriptedDaemon(home.socket) as daemon:
        daemon.answers("update", {"result": {"pid": 1, "version": "1"}})

        assert main(home.path) == 0

    assert daemon.asked("update") == [{}]


def test_nobody_there_is_no_failure(tmp_path):
    assert main(str(tmp_path)) == 0


def test_a_refusal_is_said(tmp_path, capsys):
    home = Home(str(tmp_path))
    with ScriptedDaemon(home.socket) as daemon:
        daemon.answers("update", {"error": {"code": "no", "message": "cannot now", "details": {}}})

        assert main(home.path) == 1

    assert capsys.readouterr().err == "pmdaemon: cannot now\n"
