import pytest

from pmdaemon.core.graph import find_cycle


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
