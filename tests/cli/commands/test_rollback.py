from tests.cli.commands.test_deployments import LOG, VIEW

BACK = {**VIEW, "number": 4, "rollback_of": "d-1", "release": 1, "status": "queued"}


def test_it_is_gone_back_and_waited_for(cli):
    cli.daemon.answers("rollback", {"result": {"deployment": BACK}})
    cli.daemon.answers("deployment_log", *LOG)

    assert cli("rollback", "shop", "1") == 0
    assert cli.daemon.asked("rollback") == [{"project": "shop", "number": 1}]
    assert cli.out.startswith("deployment 4 of shop: back to release 1\n--> queued\n")


def test_without_a_number_it_is_the_one_before(cli):
    cli.daemon.answers("rollback", {"result": {"deployment": BACK}})

    assert cli("rollback", "shop", "--detach") == 0
    assert cli.daemon.asked("rollback") == [{"project": "shop"}]
    assert cli.daemon.asked("deployment_log") == []


def test_where_there_is_none_that_is_said(cli):
    sentence = "there is no earlier release of shop to roll back to"
    cli.refuses("rollback", "deployment_conflict", sentence)

    assert cli("rollback", "shop") == 1
    assert cli.err == f"pmdaemon: {sentence}\n"
