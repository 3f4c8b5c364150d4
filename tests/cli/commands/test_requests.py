import pytest

REQUEST = {
    "id": "0123456789ab", "began": 1_700_000_000.0, "method": "GET", "url": "/a",
    "host": "app.localhost", "subdomain": "app", "service": "app", "target": "localhost:3000",
    "remote_addr": "127.0.0.1", "status": 200, "seconds": 0.0123, "received": 0, "sent": 5,
    "in_flight": False, "stale": False, "aborted": False,
}  # fmt: skip


@pytest.fixture
def answers(cli):
    found = {"requests": [REQUEST], "filtered_count": 1, "total_count": 1}
    cli.daemon.answers("requests", {"result": found})
    return cli


def test_requests_are_listed_one_a_line(answers):
    assert answers("requests") == 0

    assert answers.out.split()[0] == "0123456789ab"
    assert "GET     200    12.3 ms  app.localhost/a" in answers.out
    assert answers.daemon.asked("requests") == [{"limit": 100}]


def test_those_that_are_wanted_can_be_said(answers):
    words = "--service a --subdomain b --method POST --min-status 400 --max-status 499 --url x"
    assert answers("requests", "-n", "5", "--since", "@100", *words.split()) == 0

    assert answers.daemon.asked("requests") == [
        {
            "limit": 5, "since": 100.0, "service": "a", "subdomain": "b", "method": "POST",
            "min_status": 400, "max_status": 499, "url": "x",
        }
    ]  # fmt: skip


def test_one_is_shown_with_its_headers_and_bodies(cli):
    more = {
        "request_headers": [["Accept", "*/*"]],
        "response_headers": [["X", "y"]],
        "response_body": {"size": 5, "truncated": False, "text": "hello"},
    }
    cli.daemon.answers("request", {"result": {**REQUEST, **more}})

    assert cli("requests", "0123", "--body") == 0

    assert cli.daemon.asked("request") == [{"id": "0123", "bodies": True}]
    for text in ("Accept: */*", "X: y", "hello", "localhost:3000"):
        assert text in cli.out


def test_they_are_followed_beyond_the_end_of_a_daemon(cli):
    cli.daemon.answers("requests", {"item": REQUEST})
    cli.daemon.answers("requests", {"item": {**REQUEST, "url": "/b"}}, {"result": {}})

    assert cli("requests", "--follow", "--service", "app") == 0

    assert [line.rpartition("/")[2] for line in cli.out.splitlines()] == ["a", "b"]
    assert cli.err == "pmdaemon: the daemon went away; waiting for it\n"
    assert cli.daemon.asked("requests") == [{"service": "app", "follow": True}] * 2


def test_nothing_to_show_is_said(cli):
    cli.daemon.answers(
        "requests", {"result": {"requests": [], "filtered_count": 0, "total_count": 0}}
    )

    assert cli("requests") == 0

    assert cli.out == "no request has come through the proxy\n"
