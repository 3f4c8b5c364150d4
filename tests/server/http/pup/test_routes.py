from pmdaemon.core.access import Scope
from pmdaemon.server.http.pup.routes import AT_ROOT, DESCRIPTION, PREFIX, PUP


def test_everything_is_at_the_root_and_below_the_prefix():
    at_root = {(one.method, one.path) for one in AT_ROOT} - {("GET", DESCRIPTION)}
    below = {
        (one.method, one.path.removeprefix(PREFIX))
        for one in PUP.endpoints
        if one.path.startswith(PREFIX)
    }

    assert below == at_root
    assert len(PUP.endpoints) == 2 * len(at_root) + 1


def test_nothing_is_public_and_a_credential_is_always_needed():
    assert all(one.scope is not Scope.PUBLIC for one in PUP.endpoints)
    assert PUP.credentials_needed


def test_a_hundred_programs_that_report_every_five_seconds_are_never_refused():
    reporting = [one for one in PUP.endpoints if one.path.endswith(("/telemetry", "/log", "/ipc"))]

    assert len(reporting) == 6
    for one in reporting:
        assert min(limit.requests / limit.seconds for limit in one.usual) > 100 / 5


def test_all_of_its_paths_are_in_its_places():
    assert all(PUP.has_place(one.path) for one in PUP.endpoints)
    assert not PUP.has_place("/logsome")
    assert not PUP.has_place("/api/processes")
