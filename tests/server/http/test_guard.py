import pytest
from aiohttp.test_utils import make_mocked_request

from pmdaemon.core.rate_limits import RateKind, RateLimit
from pmdaemon.engine.interfaces import WebSettings
from pmdaemon.server.http.access import Gate
from pmdaemon.server.http.guard import Guard, note, rate_headers
from pmdaemon.server.http.refusals import TooManyRequests
from tests.fakes.audit_log import FakeAuditLog
from tests.fakes.clock import FakeClock

SETTINGS = WebSettings(
    trusted_proxies=("192.0.2.1",), rate_limits=(RateLimit(2, 60.0),), tcp_port=0
)


class Transport:
    def get_extra_info(self, name, default=None):
        return ("192.0.2.1", 1234) if name == "peername" else default


def a_request(forwarded_for="198.51.100.7", path="/"):
    return make_mocked_request(
        "POST", path, {"X-Forwarded-For": forwarded_for}, transport=Transport()
    )


@pytest.fixture
def audit():
    return FakeAuditLog()


@pytest.fixture
def guard(audit):
    return Guard(Gate(SETTINGS), FakeClock(), audit)


def test_a_request_comes_from_whom_its_proxy_says(guard):
    assert guard.address_of(a_request()) == "198.51.100.7"


def test_requests_are_counted_by_address(guard):
    for _ in range(2):
        guard.charge(a_request(), None)

    with pytest.raises(TooManyRequests):
        guard.charge(a_request(), None)
    guard.charge(a_request("198.51.100.8"), None)


def test_a_refused_request_is_told_how_it_stands(guard):
    for _ in range(2):
        guard.charge(a_request(), None)
    request = a_request()

    with pytest.raises(TooManyRequests) as refused:
        guard.charge(request, None)

    assert refused.value.headers == {"Retry-After": "60"}
    assert rate_headers(request)["X-RateLimit-Remaining"] == "0"


def test_a_client_of_ipv6_does_not_get_away_by_changing_its_address(guard):
    guard.charge(a_request("2001:db8::1"), None)
    guard.charge(a_request("2001:db8::2"), None)

    with pytest.raises(TooManyRequests):
        guard.charge(a_request("2001:db8::3"), None)


USUAL = (RateLimit(3, 60.0),)


def test_what_is_usual_elsewhere_holds_until_somebody_chooses(audit):
    unchosen = Guard(Gate(WebSettings(trusted_proxies=("192.0.2.1",))), FakeClock(), audit)
    chosen = Guard(Gate(SETTINGS), FakeClock(), audit)

    for guard, allowed in ((unchosen, 3), (chosen, 2)):
        for _ in range(allowed):
            guard.charge(a_request(), None, usual=USUAL)
        with pytest.raises(TooManyRequests):
            guard.charge(a_request(), None, usual=USUAL)


def test_wrong_keys_are_counted_as_strictly_there(guard):
    for _ in range(2):
        guard.charge_guess(a_request(), None, usual=USUAL)

    with pytest.raises(TooManyRequests):
        guard.charge_guess(a_request(), None, usual=USUAL)


def test_what_is_unlimited_still_tells_how_the_address_stands(guard):
    guard.charge(a_request(), None)
    request = a_request()

    guard.charge(request, ())

    assert rate_headers(request)["X-RateLimit-Remaining"] == "1"


def test_a_kind_of_requests_has_limits_of_its_own():
    rates = {RateKind.DEPLOY: (RateLimit(1, 60.0),), RateKind.SIGN_IN: ()}
    guard = Guard(Gate(SETTINGS), FakeClock(), FakeAuditLog(), lambda: rates)
    guard.charge(a_request(), RateKind.DEPLOY)

    with pytest.raises(TooManyRequests):
        guard.charge(a_request(), RateKind.DEPLOY)
    for _ in range(9):
        guard.charge(a_request(), RateKind.SIGN_IN)


def test_who_turns_limits_off_turns_off_all_of_them():
    guard = Guard(Gate(WebSettings(rate_limits=())), FakeClock(), FakeAuditLog())

    for _ in range(30):
        guard.charge(a_request(), RateKind.SIGN_IN)


def test_without_limits_there_is_nothing_to_tell():
    guard = Guard(Gate(WebSettings(rate_limits=())), FakeClock(), FakeAuditLog())
    request = a_request()

    guard.charge(request, None)

    assert rate_headers(request) == {}


def test_a_record_says_when_whose_and_what_without_the_query(guard, audit):
    request = a_request(path="/api/processes/a%2Fb/stop?token=secret")
    note(request, port="3001")

    guard.record(request, None, None)

    [entry] = audit.entries
    assert entry["time"].startswith("20")
    assert entry["path"] == "/api/processes/a%2Fb/stop"
    assert (entry["who"], entry["from"], entry["status"]) == ("anybody", "198.51.100.7", None)
    assert entry["port"] == "3001"
    assert "code" not in entry
