from collections import Counter

from pmdaemon.server.http.access import Scope
from pmdaemon.server.http.native.routes import NATIVE


def test_only_the_root_and_the_handshake_are_public():
    public = [one.path for one in NATIVE.endpoints if one.scope is Scope.PUBLIC]

    assert public == ["/", "/ws"]


def test_whatever_changes_something_needs_more_than_reading():
    changing = [one for one in NATIVE.endpoints if one.method != "GET"]

    assert changing
    assert all(one.scope in {Scope.CONTROL, Scope.CREATE} for one in changing)


def test_no_endpoint_is_there_twice():
    times = Counter((one.method, one.path) for one in NATIVE.endpoints)

    assert max(times.values()) == 1
