import pytest


@pytest.mark.parametrize("word", ["monit", "dashboard", "dash", "imonit"])
def test_what_is_no_terminal_is_refused(cli, word):
    assert cli(word) == 2
    assert cli.err == "pmdaemon: monit draws on a terminal, and this is none: use pmdaemon list\n"
    assert cli.daemon.requests == []
