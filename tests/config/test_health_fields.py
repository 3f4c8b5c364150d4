import pytest

from pmdaemon.config.health_fields import flat_check, health_check, seconds
from pmdaemon.core.errors import InvalidConfiguration, InvalidInput
from pmdaemon.core.spec import HealthCheck

URL = "http://127.0.0.1:3000/health"


@pytest.mark.parametrize(
    ("value", "check"),
    [
        (URL, HealthCheck("http", URL)),
        ("http://127.0.0.1:{port}/", HealthCheck("http", "http://127.0.0.1:{port}/")),
        ("tcp:3000", HealthCheck("tcp", "3000")),
        ("tcp:db.local:5432", HealthCheck("tcp", "db.local:5432")),
        ({"url": URL}, HealthCheck("http", URL)),
        ({"type": "https", "url": URL}, HealthCheck("http", URL)),
        ({"port": 3000}, HealthCheck("tcp", "3000")),
        ({"tcp": "[::1]:{port}"}, HealthCheck("tcp", "[::1]:{port}")),
        ({"port": "{PORT}"}, HealthCheck("tcp", "{port}")),
        ({"command": "./check.sh -q"}, HealthCheck("command", "./check.sh -q")),
        ({"command": ["./a b", "-q"]}, HealthCheck("command", "'./a b' -q")),
        (False, None),
        ({"enabled": False}, None),
        (
            {"url": URL, "interval": "10s", "timeout": 2, "retries": 5, "restart": False},
            HealthCheck("http", URL, interval=10.0, timeout=2.0, retries=5, restart=False),
        ),
        (
            {"checkType": "script", "script": "./c.sh", "startPeriod": "1m", "enabled": True},
            HealthCheck("command", "./c.sh", start_period=60.0),
        ),
        (
            {
                "check_type": {"type": "script", "path": "./c.sh"},
                "timeout": {"secs": 5, "nanos": 500_000_000},
                "interval": {"secs": 30, "nanos": 0},
                "enabled": True,
            },
            HealthCheck("command", "./c.sh", timeout=5.5, interval=30.0),
        ),
    ],
)
def test_a_check_is_read_in_each_of_its_forms(value, check):
    assert health_check(value).value == check


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("ftp://a", "not a URL"),
        ("http://", "not a URL"),
        ("http://a:b/", "not a URL"),
        ("http://[a/", "not a URL"),
        ("tcp:a", "not a TCP port"),
        ("tcp:3000-3001", "not one TCP port"),
        ({"port": True}, "port: not a TCP port"),
        (7, "not a URL or a table"),
        (True, "not a URL or a table"),
        ({}, "nothing to check: url, port or command is missing"),
        ({"type": "http"}, "nothing to check: url is missing"),
        ({"type": "script", "interval": 5}, "nothing to check: command is missing"),
        ({"url": URL, "port": 1}, "only one thing can be checked, not url and port"),
        ({"type": "tcp", "url": URL}, "url: a check of type tcp has none"),
        ({"type": "ping", "url": URL}, "type: not http, tcp or command: ping"),
        ({"url": URL, "retries": 0}, "retries: not a whole number from 1"),
        ({"url": URL, "interval": True}, "interval: not a duration"),
        ({"url": URL, "interval": 0}, "interval: not a duration above 0"),
        ({"url": URL, "timeout": "0s"}, "timeout: not a duration above 0"),
        ({"command": []}, "command: it is empty"),
        ("tcp:a b:80", "not a TCP port, or HOST:PORT"),
    ],
)
def test_what_is_no_check_is_refused(value, reason):
    with pytest.raises(InvalidInput) as refusal:
        health_check(value)

    error = refusal.value
    told = error.problems if isinstance(error, InvalidConfiguration) else (error.message,)
    assert told[0].startswith(reason)


@pytest.mark.parametrize(
    ("value", "expected"), [(5, 5.0), (0.5, 0.5), ("5", 5.0), ("500ms", 0.5), ("2m", 120.0)]
)
def test_a_plain_number_is_in_seconds(value, expected):
    assert seconds(value) == expected


def test_a_check_may_be_said_in_fields_of_the_app():
    assert flat_check({"url": URL, "retries": 2}) == HealthCheck("http", URL, retries=2)
    with pytest.raises(InvalidInput, match="nothing to check"):
        flat_check({"retries": 2})
