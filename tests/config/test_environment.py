import pytest

from pmdaemon.config.environment import scrubbed


@pytest.mark.parametrize("name", ["PATH", "HOME", "PORT", "PMDAEMON_HOME", "NODE_ENV", "name"])
def test_what_concerns_every_program_is_inherited(name):
    assert scrubbed({name: "x"}) == {name: "x"}


@pytest.mark.parametrize(
    "name",
    [
        "PMDAEMON_TOKEN",
        "PMDAEMON_API_KEY",
        "PMDAEMON_NAME",
        "PMDAEMON_ID",
        "PMDAEMON_ANYTHING",
        "pm_id",
        "NODE_APP_INSTANCE",
        "NODE_CHANNEL_FD",
        "LISTEN_FDS",
        "NOTIFY_SOCKET",
    ],
)
def test_what_was_meant_for_the_caller_alone_is_not(name):
    assert scrubbed({name: "x", "PATH": "/bin"}) == {"PATH": "/bin"}
