import pytest

SERVICE = {
    "name": "app",
    "target": "app",
    "declared": False,
    "mode": "serving",
    "strategy": "round-robin",
    "routes": [{"host": "app.localhost", "path": "/", "strip": False}],
    "targets": [
        {"host": "localhost", "port": 3000, "state": "healthy", "pm_id": 0, "busy": 2},
        {"host": "localhost", "port": 3001, "state": "adding", "pm_id": 1, "busy": 0},
    ],
    "listener": None,
}

STATUS = {
    "on": True,
    "urls": ["http://localhost:9680"],
    "domain": "localhost",
    "services": [SERVICE],
}


@pytest.fixture
def answers(cli):
    for verb in ("service", "service_remove"):
        cli.daemon.answers(verb, {"result": SERVICE})
    cli.daemon.answers("service_mode", {"result": {"services": [{**SERVICE, "mode": "paused"}]}})
    cli.daemon.answers("gateway", {"result": STATUS})
    cli.daemon.answers("gateway_on", {"result": {"urls": STATUS["urls"]}})
    cli.daemon.answers("gateway_off", {"result": {"urls": STATUS["urls"]}})
    return cli


def test_an_app_is_published_and_said_where(answers):
    assert answers("proxy", "add", "app") == 0

    assert answers.out == "app answers at http://app.localhost:9680/\n"
    assert answers.daemon.asked("service") == [{"targets": ["app"], "routes": []}]


def test_everything_about_a_service_can_be_said(answers):
    line = "proxy add a.test b.test/x 127.0.0.1:1 --also 127.0.0.1:2 --name n --strategy ip-hash"
    assert answers(*line.split(), "--strip", "--swap", "--listen", "0.0.0.0:7000") == 0

    assert answers.daemon.asked("service") == [
        {
            "targets": ["127.0.0.1:1", "127.0.0.1:2"],
            "routes": ["a.test", "b.test/x"],
            "name": "n",
            "strategy": "ip-hash",
            "strip": True,
            "swap": True,
            "listen_host": "0.0.0.0",
            "listen_port": 7000,
        }
    ]


@pytest.mark.parametrize("words", [("proxy",), ("proxy", "status")])
def test_the_status_shows_where_it_listens_and_what_is_ready(answers, words):
    assert answers(*words) == 0

    assert answers.out.startswith("listens at http://localhost:9680\n")
    assert "1/2" in answers.out


def test_a_proxy_that_is_off_says_how_it_is_turned_on(cli):
    cli.daemon.answers(
        "gateway", {"result": {"on": False, "urls": [], "domain": None, "services": []}}
    )

    assert cli("proxy") == 0

    assert cli.out.startswith("the proxy is off; turn it on with pmdaemon proxy add APP")


def test_routes_are_listed_with_their_targets(answers):
    assert answers("proxy", "routes") == 0

    assert "app.localhost" in answers.out
    assert "localhost:3000 healthy, localhost:3001 adding" in answers.out


def test_how_it_listens_can_be_said(answers):
    words = ("--host", "0.0.0.0", "--http", "80", "--https", "none", "--capture", "1M")
    assert answers("proxy", "on", *words, "--trusted-proxy", "10.0.0.0/8") == 0

    assert answers.out == "listens at http://localhost:9680\n"
    assert answers.daemon.asked("gateway_on") == [
        {
            "host": "0.0.0.0",
            "http_port": 80,
            "https_port": -1,
            "trusted_proxies": ["10.0.0.0/8"],
            "capture": 1024 * 1024,
        }
    ]


@pytest.mark.parametrize("port", ["x", "70000", "-5", "²", "9" * 5000])
def test_a_port_that_is_none_is_refused(answers, port):
    assert answers("proxy", "on", "--http", port) == 2

    assert not answers.daemon.asked("gateway_on")


def test_it_is_turned_off(answers):
    assert answers("proxy", "off") == 0

    assert answers.out == "stopped listening at http://localhost:9680\n"


def test_services_and_routes_are_removed(answers):
    assert answers("proxy", "remove", "app", "a.test/x") == 0

    assert answers.daemon.asked("service_remove") == [{"name": "app"}, {"name": "a.test/x"}]
    assert answers.out == "removed app\nremoved a.test/x\n"


@pytest.mark.parametrize(
    ("words", "mode"),
    [
        (("pause", "app"), "paused"),
        (("pause", "app", "--maintenance"), "maintenance"),
        (("resume", "app"), "serving"),
    ],
)
def test_services_are_paused_and_resumed(answers, words, mode):
    assert answers("proxy", *words) == 0

    assert answers.daemon.asked("service_mode") == [{"names": ["app"], "mode": mode}]


def test_a_certificate_of_ones_own_is_given_with_its_key_and_its_host(answers):
    assert answers("proxy", "certs", "--cert", "a.pem") != 0

    assert "belong together" in answers.err
