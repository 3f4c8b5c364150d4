from pmdaemon.cli import anew
from pmdaemon.config.changes import CHANGEABLE


def test_every_option_is_one_that_the_daemon_can_change():
    assert set(anew.CHANGEABLE) <= set(CHANGEABLE)


def test_what_was_said_is_named_as_fields():
    given = {"port": "3000", "max_restarts": None, "kill_timeout": "5s", "other": "x"}

    assert anew.options(given) == {"port": "3000", "kill_timeout": "5s"}
