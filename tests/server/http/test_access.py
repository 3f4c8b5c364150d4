import pytest
from msgspec.structs import replace
from multidict import CIMultiDict

from pmdaemon.core.access import ANYBODY, LOCAL, Principal, Scope, digest_of
from pmdaemon.engine.interfaces import WebSettings
from pmdaemon.server.http.access import Gate, basic_passwords, presented_keys
from pmdaemon.server.http.refusals import PermissionDenied, Unauthorized

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


def scopes_of(gate, headers):
    return {scope for scope in Scope if passes(gate, headers, scope)}


ALL_BUT_CREATE = {scope for scope in Scope if scope is not Scope.CREATE}


@pytest.mark.parametrize(
    ("headers", "scopes"),
    [
        (NOTHING, {Scope.PUBLIC}),
        (CIMultiDict({"X-API-Key": "wrong"}), {Scope.PUBLIC}),
        (KEY, ALL_BUT_CREATE),
    ],
)
def test_the_key_opens_everything_but_creating(headers, scopes):
    assert scopes_of(Gate(LOCKED), headers) == scopes


def test_without_a_key_set_this_machine_may_do_all_but_create():
    assert scopes_of(Gate(OPEN), NOTHING) == ALL_BUT_CREATE


def test_creating_is_allowed_where_it_was_turned_on():
    assert passes(Gate(replace(OPEN, allow_create=True)), NOTHING, Scope.CREATE)
    assert not passes(Gate(replace(LOCKED, allow_create=True)), NOTHING, Scope.CREATE)
    assert passes(Gate(replace(LOCKED, allow_create=True)), KEY, Scope.CREATE)


def test_creating_without_a_key_is_first_of_all_unauthorized():
    with pytest.raises(Unauthorized):
        Gate(LOCKED).admit(NOTHING, Scope.CREATE)


def test_creating_with_a_key_is_denied_with_the_way_to_turn_it_on():
    with pytest.raises(PermissionDenied, match="--allow-create"):
        Gate(LOCKED).admit(KEY, Scope.CREATE)


def test_a_request_is_told_whose_it_is():
    assert Gate(LOCKED).admit(KEY, Scope.READ).name == "api-key"
    assert Gate(OPEN).admit(NOTHING, Scope.READ) == LOCAL
    assert Gate(LOCKED).admit(NOTHING, Scope.PUBLIC) == ANYBODY


READER = Principal("ci", frozenset({"read"}))


def reader_by_pass(presented):
    return READER if presented == "pass" else None


PASS = CIMultiDict({"Authorization": "Bearer pass"})


def test_whoever_another_authenticator_knows_gets_what_was_granted():
    gate = Gate(LOCKED, [lambda _: None, reader_by_pass])

    assert scopes_of(gate, PASS) == {Scope.PUBLIC, Scope.READ}
    assert scopes_of(gate, KEY) == ALL_BUT_CREATE
    with pytest.raises(PermissionDenied, match="needs the scope control, which ci does not have"):
        gate.admit(PASS, Scope.CONTROL)


def test_a_credential_that_is_known_counts_in_open_mode_too():
    assert scopes_of(Gate(OPEN, [reader_by_pass]), PASS) == {Scope.PUBLIC, Scope.READ}


def test_any_one_credential_that_is_known_is_enough():
    headers = CIMultiDict([("X-API-Key", "wrong"), ("X-API-Key", "sesame")])

    assert Gate(LOCKED).admit(headers, Scope.READ).name == "api-key"


def test_once_a_key_was_made_this_machine_needs_one():
    guarded = False
    gate = Gate(OPEN, [reader_by_pass], guarded=lambda: guarded)
    assert gate.is_open

    guarded = True

    assert scopes_of(gate, NOTHING) == {Scope.PUBLIC}
    assert scopes_of(gate, PASS) == {Scope.PUBLIC, Scope.READ}


def test_a_dialect_may_want_credentials_in_open_mode_too():
    gate = Gate(OPEN, [reader_by_pass])

    with pytest.raises(Unauthorized):
        gate.admit(NOTHING, Scope.READ, credentials_needed=True)
    assert gate.admit(PASS, Scope.READ, credentials_needed=True) == READER


def test_other_settings_hold_from_the_next_request_on():
    gate = Gate(LOCKED)

    gate.change(WebSettings("0.0.0.0", 9615, digest_of("mellon")))

    assert not passes(gate, KEY, Scope.READ)
    assert passes(gate, CIMultiDict({"X-API-Key": "mellon"}), Scope.READ)


def test_what_goes_on_for_long_looks_again_when_the_settings_change_until_it_leaves():
    gate, looks = Gate(LOCKED), []
    leave = gate.watch(lambda: looks.append(gate.settings))

    gate.change(OPEN)
    leave()
    gate.change(LOCKED)

    assert looks == [OPEN]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "pm.example.com"])
def test_nobody_is_let_in_from_the_network_without_a_key(host):
    assert scopes_of(Gate(WebSettings(host, 9615)), NOTHING) == {Scope.PUBLIC}


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


def test_another_scope_may_do_in_place_of_the_one_that_is_needed():
    gate = Gate(LOCKED, [lambda _: Principal("web", frozenset({"telemetry:web"}))])
    headers = CIMultiDict({"X-API-Key": "a child's"})

    assert gate.admit(headers, Scope.READ, also=Scope.TELEMETRY).name == "web"
    with pytest.raises(PermissionDenied, match="scope read"):
        gate.admit(headers, Scope.READ, also=Scope.LOG)


def test_a_password_is_a_key_where_that_is_allowed():
    def presented(*values):
        return list(basic_passwords(CIMultiDict([("Authorization", one) for one in values])))

    assert presented("Basic YW55Om9uZTp0d28=") == ["one:two"]
    assert presented("Basic !!!", "Basic /w==", "Basic", "Bearer x", "Basic YW55Og==") == []
