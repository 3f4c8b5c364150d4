import pytest

from tests.support.views import a_run

RUN = a_run()


def test_the_latest_runs_of_all_jobs_are_listed(cli):
    cli.daemon.answers("history", {"result": {"runs": [RUN]}})

    assert cli("history") == 0
    assert cli.daemon.asked("history") == [{"limit": 20}]
    assert "report" in cli.out
    assert "succeeded" in cli.out


def test_jobs_and_a_number_may_be_chosen(cli):
    cli.daemon.answers("history", {"result": {"runs": []}})

    assert cli("history", "report", "-n", "5") == 0
    assert cli.daemon.asked("history") == [{"selectors": ["report"], "limit": 5}]
    assert cli.out == "no job has run yet\n"


def test_programs_get_json(cli):
    cli.daemon.answers("history", {"result": {"runs": [RUN]}})

    assert cli("history", "--json") == 0
    assert cli.json == [RUN]


@pytest.mark.parametrize("number", ["0", "many", "1001"])
def test_a_number_that_is_none_is_refused(cli, number):
    assert cli("history", "-n", number) == 2
    assert cli.daemon.requests == []


def test_what_is_no_job_is_said_to_be_so(cli):
    cli.refuses("history", "invalid_input", "there is no history of web: it is not a job")

    assert cli("history", "web") == 2
    assert cli.err == "pmdaemon: there is no history of web: it is not a job\n"
