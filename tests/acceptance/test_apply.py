"""`apply`."""

import pytest

from tests.support.running import environment_of, is_alive

pytestmark = pytest.mark.shared_home

FILE = """
[[apps]]
name = "web"
script = "sleep 1000"
instances = 2
env = { MODE = "plain", DB_PASSWORD = "s3cret", GONE = "1" }

[[apps]]
name = "worker"
script = "sleep 1001"

[[apps]]
name = "idle"
script = "sleep 1002"
"""


@pytest.fixture
def file(pmdaemon):
    path = pmdaemon.script("eco.toml", FILE)
    pmdaemon.run("apply", "eco.toml")
    pmdaemon.run("stop", "idle")
    return path


def pids(pmdaemon):
    return {(each["name"], each["instance"]): each["pid"] for each in pmdaemon.list()}


def test_what_is_declared_comes_up_and_a_second_time_nothing_is_done(pmdaemon, file):
    before = pids(pmdaemon)

    outcome = pmdaemon.run("apply", "eco.toml")

    assert "there is nothing to do\n" in outcome.out
    assert pids(pmdaemon) == before


def test_only_what_differs_is_touched(pmdaemon, file):
    before = pids(pmdaemon)
    file.write_text(
        FILE.replace("instances = 2", "instances = 3\nmax_restarts = 4").replace(
            "sleep 1001", "sleep 2000"
        )
    )

    outcome = pmdaemon.run("apply", "eco.toml")

    after = pids(pmdaemon)
    assert "    instances: 2 → 3\n" in outcome.out
    assert "    script: sleep 1001 → sleep 2000\n" in outcome.out
    assert {key: after[key] for key in before if key[0] != "worker"} == {
        key: pid for key, pid in before.items() if key[0] != "worker"
    }
    assert is_alive(after["web", 2])
    assert after["worker", 0] != before["worker", 0]
    assert after["idle", 0] is None
    declared = pmdaemon.run("describe", "web", "--json").json[0]["declaration"]
    assert declared["restart"]["max_restarts"] == 4


def test_a_variable_that_was_taken_out_is_gone_and_secrets_are_not_shown(pmdaemon, file):
    file.write_text(FILE.replace(', GONE = "1"', "").replace("s3cret", "0ther"))

    outcome = pmdaemon.run("apply", "eco.toml")

    environment = environment_of(pmdaemon.pid("web"))
    assert "    env.GONE: 1 → (nothing)\n" in outcome.out
    assert "    env.DB_PASSWORD: changed\n" in outcome.out
    assert "s3cret" not in outcome.out
    assert "0ther" not in outcome.out
    assert "GONE" not in environment
    assert environment["DB_PASSWORD"] == "0ther"


def test_what_would_be_done_can_be_seen_first(pmdaemon, file):
    before = pids(pmdaemon)
    file.write_text(FILE.replace("instances = 2", "instances = 1"))

    outcome = pmdaemon.run("apply", "eco.toml", "--dry-run")

    assert outcome.lines[:2] == ["web: will get more or fewer instances", "    instances: 2 → 1"]
    assert outcome.lines[-1] == "nothing was done (--dry-run)"
    assert pids(pmdaemon) == before


def test_what_left_the_file_is_deleted_only_when_asked_for(pmdaemon, file):
    pmdaemon.run("start", "sleep 1003", "--name", "typed")
    file.write_text(FILE.partition('[[apps]]\nname = "idle"')[0])

    kept = pmdaemon.run("apply", "eco.toml", "--json").json
    assert [(step["name"], step["action"]) for step in kept["steps"]] == [
        ("web", "keep"), ("worker", "keep"), ("idle", "leave"),
    ]  # fmt: skip

    pmdaemon.run("apply", "eco.toml", "--prune")

    assert {name for name, _ in pids(pmdaemon)} == {"web", "worker", "typed"}


def test_a_file_with_a_fault_changes_nothing(pmdaemon, file):
    before = pids(pmdaemon)
    file.write_text(FILE.replace("instances = 2", "instances = 0.5"))

    assert "apps[0].instances: " in pmdaemon.refused("apply", "eco.toml", status=2)

    assert pids(pmdaemon) == before


def test_what_was_applied_is_still_known_to_the_next_daemon(pmdaemon, file):
    pmdaemon.kill_daemon()
    before = pids(pmdaemon)

    outcome = pmdaemon.run("apply", "eco.toml")

    assert "there is nothing to do\n" in outcome.out
    assert pids(pmdaemon) == before
