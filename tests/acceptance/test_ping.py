"""`ping`: is there a daemon?"""

from tests.support.running import is_alive


def test_a_ping_starts_a_daemon_and_tells_which(pmdaemon):
    answer = pmdaemon.run("ping")

    assert is_alive(pmdaemon.daemon)
    assert answer.out.startswith("pong: pmdaemon ")
    assert f"pid {pmdaemon.daemon}, home {pmdaemon.home}\n" in answer.out
    assert pmdaemon.run("ping", "--json").json["pid"] == pmdaemon.daemon


def test_a_ping_can_leave_things_as_they_are(pmdaemon):
    sentence = pmdaemon.refused("ping", "--no-start", status=4)

    assert sentence == f"no daemon is running in {pmdaemon.home}"
    assert not pmdaemon.home.exists()
