from itertools import pairwise

import pytest

from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.graph import check, find_cycle, graph_of, layers, needs_of
from pmdaemon.core.spec import Dependency
from tests.support.builders import an_app

GRAPH = {
    "web": ["api", "cache"],
    "api": ["db"],
    "cache": [],
    "db": [],
    "worker": ["db"],
}


def test_the_graph_is_taken_from_declarations():
    specs = [an_app(name="web", depends_on=(Dependency("db"),)), an_app(name="db")]

    assert graph_of(specs) == {"web": ["db"], "db": []}


def test_dependencies_that_exist_and_go_round_nowhere_are_fine():
    check(GRAPH, GRAPH)


def test_an_unknown_dependency_is_named():
    with pytest.raises(InvalidInput, match="web: it depends on qeue, and there is no") as refusal:
        check({"web": ["qeue"]}, ["web"])

    assert refusal.value.code == "dependency_unknown"


def test_a_dependency_that_somebody_elses_app_lost_does_not_matter():
    check({**GRAPH, "old": ["deleted long ago"]} | {"deleted long ago": []}, ["web"])
    check({**GRAPH, "old": ["gone"]}, ["web"])


@pytest.mark.parametrize(
    ("graph", "cycle"),
    [
        ({"a": ["a"]}, ["a", "a"]),
        ({"a": ["b"], "b": ["a"]}, None),
        ({"a": ["b"], "b": ["c"], "c": ["a"], "d": ["a"]}, None),
    ],
)
def test_a_cycle_is_named_in_the_order_of_who_depends_on_whom(graph, cycle):
    with pytest.raises(InvalidInput, match="depends on itself") as refusal:
        check(graph, graph)

    found = refusal.value.details["cycle"]
    assert refusal.value.code == "dependency_cycle"
    assert found[0] == found[-1]
    assert all(needed in graph[name] for name, needed in pairwise(found))
    assert cycle is None or found == cycle


def test_each_layer_depends_on_earlier_ones_only():
    assert layers(GRAPH, GRAPH) == [["cache", "db"], ["api", "worker"], ["web"]]


def test_what_is_left_out_still_stands_between():
    assert layers(GRAPH, ["db", "web"]) == [["db"], ["web"]]


def test_needs_are_followed_to_their_end():
    assert sorted(needs_of(GRAPH, ["web"])) == ["api", "cache", "db"]
    assert sorted(needs_of(GRAPH, ["web", "api"])) == ["cache", "db"]
    assert needs_of(GRAPH, ["db"]) == []


@pytest.mark.parametrize(
    ("needs", "cycle"),
    [
        ({}, None),
        ({"a": ["b"], "b": ["c"]}, None),
        ({"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": []}, None),
        ({"a": ["a"]}, ["a", "a"]),
        ({"a": ["b"], "b": ["a"]}, ["a", "b", "a"]),
        ({"a": ["x", "b"], "b": ["y", "c"], "c": ["b"]}, ["b", "c", "b"]),
        ({"a": [], "b": ["a", "c"], "c": ["a", "b"]}, ["b", "c", "b"]),
    ],
)
def test_a_circle_is_found(needs, cycle):
    assert find_cycle(needs) == cycle


def test_a_long_chain_is_no_circle():
    chain = {str(number): [str(number + 1)] for number in range(10_000)}

    assert find_cycle(chain) is None
    assert find_cycle(chain | {"10000": ["0"]}) is not None


def test_a_refusal_names_who_needs_what():
    with pytest.raises(InvalidInput) as unknown:
        check({"web": ["queue"]}, ["web"])
    with pytest.raises(InvalidInput) as circle:
        check({"a": ["b"], "b": ["a"]}, ["a"])

    assert unknown.value.details == {"name": "web", "dependency": "queue"}
    assert circle.value.message in {
        "cannot start a: it depends on itself (a -> b -> a)",
        "cannot start b: it depends on itself (b -> a -> b)",
    }


def test_what_is_needed_and_not_there_needs_nothing():
    assert needs_of({"web": ["gone"]}, ["web"]) == ["gone"]
