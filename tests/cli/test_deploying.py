import pytest

from pmdaemon.cli import deploying
from pmdaemon.cli.context import Context
from pmdaemon.core.errors import DaemonUnavailable
from tests.cli.commands.test_deployments import LINES, LOG, VIEW

ASKED = {**VIEW, "status": "queued"}


def test_the_log_is_printed_to_its_end(cli):
    cli.daemon.answers("deploy", {"result": {"deployment": ASKED}})
    cli.daemon.answers("deployment_log", *LOG)

    assert cli("deploy", "--project", "shop") == 0
    assert cli.daemon.asked("deployment_log") == [{"id": "d-3", "since": 0}]
    assert cli.out == "deployment 3 of shop\n--> queued\n    added 3 packages\n"


def test_one_that_fails_ends_with_a_sentence_and_a_status(cli):
    failed = {**VIEW, "status": "failed", "error": "build failed: exit code 2"}
    cli.daemon.answers("deploy", {"result": {"deployment": ASKED}})
    cli.daemon.answers(
        "deployment_log",
        {"item": {"lines": LINES}},
        {"item": {"deployment": failed}},
        {"result": {}},
    )

    assert cli("deploy", "--project", "shop") == 1
    assert cli.err == "pmdaemon: deployment 3 of shop failed: build failed: exit code 2\n"


def test_programs_get_json(cli):
    cli.daemon.answers("deploy", {"result": {"deployment": ASKED}})
    cli.daemon.answers("deployment_log", *LOG)

    assert cli("deploy", "--project", "shop", "--json") == 0
    assert cli.json == VIEW


def test_who_does_not_wait_is_told_what_was_begun(cli):
    cli.daemon.answers("deploy", {"result": {"deployment": ASKED}})

    assert cli("deploy", "--project", "shop", "--detach", "--branch", "dev", "--commit", "abc") == 0
    assert cli.daemon.asked("deploy") == [{"project": "shop", "branch": "dev", "commit": "abc"}]
    assert cli.out == "deployment 3 of shop\n"


def test_when_the_daemon_ends_it_is_followed_in_the_next_one(cli):
    cli.daemon.answers("deploy", {"result": {"deployment": ASKED}})
    cli.daemon.answers("deployment_log", {"item": {"lines": LINES[:1]}})
    cli.daemon.answers("deployment_log", {"item": {"lines": LINES[1:]}}, *LOG[1:])

    assert cli("deploy", "--project", "shop") == 0
    assert cli.out == "deployment 3 of shop\n--> queued\n    added 3 packages\n"
    assert cli.err == (
        "pmdaemon: the daemon has ended; waiting for the next one to follow deployment 3\n"
    )
    assert [one["since"] for one in cli.daemon.asked("deployment_log")] == [0, 1]


def test_when_there_is_no_next_one_it_is_said_how_to_go_on(home):
    context = Context({"PMDAEMON_HOME": home.path})

    with pytest.raises(DaemonUnavailable) as caught:
        deploying.follow(context, VIEW, quiet=False)

    assert str(caught.value) == (
        "the daemon has ended; what became of deployment 3 is told by: pmdaemon deployments shop 3"
    )


def test_who_interrupts_is_told_that_it_goes_on(cli, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(deploying, "follow", interrupted)
    cli.daemon.answers("deploy", {"result": {"deployment": ASKED}})

    assert cli("deploy", "--project", "shop") == 130
    assert cli.err == (
        "pmdaemon: deployment 3 continues without you"
        " (to cancel it: pmdaemon deployments shop 3 --cancel)\n"
    )


@pytest.mark.parametrize("option", ["--detach", "--json"])
def test_options_of_the_one_are_refused_for_the_other(cli, option):
    assert cli("deploy", "production", option) == 2
    assert cli.err.startswith("pmdaemon: these options cannot be used with ENVIRONMENT")
