from collections import Counter

from pmdaemon.core.access import Scope
from pmdaemon.server.http.prox.routes import PROX, ROOT


def test_only_the_word_that_we_are_there_is_public():
    public = [one.path for one in PROX.endpoints if one.scope is Scope.PUBLIC]

    assert public == ["/health"]


def test_whatever_changes_something_needs_more_than_reading():
    changing = {one.path: one.scope for one in PROX.endpoints if one.method != "GET"}

    assert changing.pop(f"{ROOT}/shutdown") is Scope.ADMIN
    assert set(changing.values()) == {Scope.CONTROL}


def test_a_screen_that_looks_twice_a_second_is_never_refused():
    limits = {one.usual for one in PROX.endpoints if one.path.startswith(f"{ROOT}/")}

    (limit,) = {limit for usual in limits for limit in usual}
    assert limit.requests / limit.seconds > 2 * 2


def test_no_endpoint_is_there_twice():
    times = Counter((one.method, one.path) for one in PROX.endpoints)

    assert max(times.values()) == 1


def test_every_path_is_below_one_that_prox_words():
    roots = PROX.places

    assert all(one.path.startswith(roots) for one in PROX.endpoints)
