import pytest

from pmdaemon.cli import deploying
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


def test_who_interrupts_is_told_that_it_goes_on(cli, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(deploying, "_followed", interrupted)
    cli.daemon.answers("deploy", {"result": {"deployment": ASKED}})

    assert cli("deploy", "--project", "shop") == 130
    assert cli.err == (
        "pmdaemon: deployment 3 goes on without you"
        " (to end it: pmdaemon deployments shop 3 --cancel)\n"
    )


@pytest.mark.parametrize("option", ["--detach", "--json"])
def test_options_of_the_one_are_refused_for_the_other(cli, option):
    assert cli("deploy", "production", option) == 2
    assert cli.err.startswith("pmdaemon: ENVIRONMENT is of an ecosystem file")
