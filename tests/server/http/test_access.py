import pytest
from multidict import CIMultiDict

from pmdaemon.core.errors import InvalidInput
from pmdaemon.engine.interfaces import WebSettings
from pmdaemon.server.http.access import Gate, Scope, presented_keys
from pmdaemon.server.http.refusals import PermissionDenied, Unauthorized
from pmdaemon.server.keys import digest_of

OPEN = WebSettings("127.0.0.1", 9615)
LOCKED = WebSettings("0.0.0.0", 9615, digest_of("sesame"))

KEY = CIMultiDict({"X-API-Key": "sesame"})
NOTHING = CIMultiDict()


def passes(gate, headers, scope):
    try:
        gate.admit(headers, scope)
    except (Unauthorized, PermissionDenied):
        return False
    return True


@pytest.mark.parametrize(
    ("headers", "scopes"),
    [
        (NOTHING, {Scope.PUBLIC}),
        (CIMultiDict({"X-API-Key": "wrong"}), {Scope.PUBLIC}),
        (KEY, {Scope.PUBLIC, Scope.READ, Scope.CONTROL}),
    ],
)
def test_a_key_opens_everything_but_creating(headers, scopes):
    gate = Gate(LOCKED)

    assert {scope for scope in Scope if passes(gate, headers, scope)} == scopes


def test_without_a_key_set_this_machine_may_do_all_but_create():
    gate = Gate(OPEN)

    allowed = {scope for scope in Scope if passes(gate, NOTHING, scope)}

    assert allowed == {Scope.PUBLIC, Scope.READ, Scope.CONTROL}


def test_creating_without_a_key_is_first_of_all_unauthorized():
    with pytest.raises(Unauthorized):
        Gate(LOCKED).admit(NOTHING, Scope.CREATE)


def test_creating_with_a_key_is_denied_with_the_way_to_do_it():
    with pytest.raises(PermissionDenied, match="pmdaemon start"):
        Gate(LOCKED).admit(KEY, Scope.CREATE)


def test_other_settings_hold_from_the_next_request_on():
    gate = Gate(LOCKED)

    gate.change(WebSettings("0.0.0.0", 9615, digest_of("mellon")))

    assert not passes(gate, KEY, Scope.READ)
    assert passes(gate, CIMultiDict({"X-API-Key": "mellon"}), Scope.READ)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "pm.example.com"])
def test_nobody_is_let_in_from_the_network_without_a_key(host):
    with pytest.raises(InvalidInput, match="without an API key"):
        Gate(WebSettings(host, 9615))


def test_settings_that_let_everybody_in_do_not_replace_better_ones():
    gate = Gate(LOCKED)

    with pytest.raises(InvalidInput):
        gate.change(WebSettings("0.0.0.0", 9615))

    assert not passes(gate, NOTHING, Scope.READ)


@pytest.mark.parametrize(
    ("headers", "keys"),
    [
        ([("Authorization", "Bearer K")], ["K"]),
        ([("authorization", "bEaReR  K ")], ["K"]),
        ([("Authorization", "ApiKey K")], ["K"]),
        ([("X-API-Key", "K")], ["K"]),
        ([("x-api-key", "A"), ("X-API-KEY", "B"), ("Authorization", "Bearer C")], ["C", "A", "B"]),
        ([("Authorization", "Basic K")], []),
        ([("Authorization", "K")], []),
        ([("Authorization", "Bearer")], [""]),
        ([("Cookie", "K")], []),
    ],
)
def test_keys_are_found_in_all_their_forms(headers, keys):
    assert list(presented_keys(CIMultiDict(headers))) == keys


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LocalHost:9615",
        "localhost.",
        "pm.localhost:80",
        "127.0.0.1:9615",
        "127.1.2.3",
        "[::1]:9615",
        "[::1]",
    ],
)
@pytest.mark.parametrize("header", ["Host", "Origin"])
def test_an_open_server_answers_under_local_names(header, host):
    value = f"http://{host}" if header == "Origin" else host

    assert passes(Gate(OPEN), CIMultiDict({header: value}), Scope.CONTROL)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example.com",
        "localhost.evil.example.com",
        "evillocalhost",
        "localhost@evil.example.com",
        "localhost\\@evil.example.com",
        "localhost/evil.example.com",
        "127.0.0.1.evil.example.com",
        "192.168.1.4",
        "0.0.0.0",
        "[::ffff:10.0.0.1]",
        "localhost:9615:9615",
        "[localhost]",
        "",
        " ",
    ],
)
@pytest.mark.parametrize("header", ["Host", "Origin"])
def test_an_open_server_turns_other_names_away(header, host):
    value = f"http://{host}" if header == "Origin" else host

    with pytest.raises(PermissionDenied):
        Gate(OPEN).admit(CIMultiDict({header: value}), Scope.PUBLIC)


@pytest.mark.parametrize("origin", ["null", "", "file://", "chrome-extension://localhost", "//x"])
def test_an_open_server_turns_away_pages_from_nowhere(origin):
    with pytest.raises(PermissionDenied):
        Gate(OPEN).admit(CIMultiDict({"Origin": origin}), Scope.PUBLIC)


def test_one_foreign_name_among_several_is_one_too_many():
    headers = CIMultiDict([("Host", "localhost"), ("Host", "evil.example.com")])

    with pytest.raises(PermissionDenied):
        Gate(OPEN).admit(headers, Scope.PUBLIC)


def test_the_name_it_is_bound_to_is_one_of_its_own():
    gate = Gate(WebSettings("127.0.0.53", 9615))

    assert passes(gate, CIMultiDict({"Host": "127.0.0.53:9615"}), Scope.READ)
