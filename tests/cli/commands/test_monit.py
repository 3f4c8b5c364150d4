import pytest


@pytest.mark.parametrize("word", ["monit", "dashboard", "dash", "imonit"])
def test_what_is_no_terminal_is_refused(cli, word):
    assert cli(word) == 2
    assert cli.err == "pmdaemon: monit needs a terminal: use pmdaemon list instead\n"
    assert cli.daemon.requests == []
