"""`update`: another daemon, and nobody notices."""

from tests.acceptance.conftest import FOREVER
from tests.support.running import is_alive, parent_of


def test_programs_run_on_under_a_new_daemon(pmdaemon):
    pmdaemon.run("start", FOREVER, "--name", "app", "-i", "2")
    daemon, keeper = pmdaemon.daemon, pmdaemon.keeper
    before = [(one["pid"], one["restarts"], one["started"]) for one in pmdaemon.list()]

    updated = pmdaemon.run("update")

    assert f"(pid {daemon}) -> " in updated.out
    assert f"(pid {pmdaemon.daemon})\n" in updated.out
    assert not is_alive(daemon)
    assert parent_of(pmdaemon.daemon) == keeper
    assert [(one["pid"], one["restarts"], one["started"]) for one in pmdaemon.list()] == before
    pmdaemon.run("stop", "app")
    assert not any(is_alive(pid) for pid, *_ in before)


def test_commands_wait_while_the_daemon_is_replaced(pmdaemon):
    pmdaemon.run("start", FOREVER, "--name", "app")
    updating = pmdaemon.begin("update", "--json")

    while updating.process.poll() is None:
        assert pmdaemon.process("app")["restarts"] == 0

    assert updating.end().json["now"]["pid"] == pmdaemon.daemon


def test_an_update_starts_a_daemon_where_none_is(pmdaemon):
    updated = pmdaemon.run("update", "--json").json

    assert updated["now"]["pid"] == pmdaemon.daemon
    assert updated["now"]["home"] == str(pmdaemon.home)
