import pytest

from pmdaemon.config import field_kinds as kinds
from pmdaemon.core.errors import InvalidInput


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        (kinds.DURATION, "90s", "90s"),
        (kinds.DURATION, "120s", "2m"),
        (kinds.DURATION, "30d", "30d"),
        (kinds.DURATION, 0, "0s"),
        (kinds.DURATION, 250, "0.25s"),
        (kinds.SIZE, "300M", "300M"),
        (kinds.SIZE, 1500, "1500"),
        (kinds.SIZE, 0, "0"),
        (kinds.SIZE_LIMIT, "1G", "1G"),
        (kinds.SWITCH, "yes", "true"),
        (kinds.WORDS, "-a 'b c'", "-a, b c"),
        (kinds.EXIT_CODES, [3, 0], "0, 3"),
        (kinds.PORT, "3000-3003", "3000-3003"),
        (kinds.UMASK, "022", "0022"),
        (kinds.SIGNAL, 15, "SIGTERM"),
        (kinds.INSTANCES, "3", "3"),
    ],
)
def test_what_was_read_can_be_written_again(kind, value, words):
    assert kind.show(kind.read(value)) == words
    if kind is not kinds.WORDS:
        assert kind.read(words) == kind.read(value)


def test_tables_are_written_in_short():
    limits = kinds.LIMITS.read({"nofile": 5, "core": "unlimited"}).value
    assert kinds.LIMITS.show(limits) == "nofile 5, core unlimited"

    needed = kinds.DEPENDENCIES.read({"db": "started", "cache": None}).value
    assert kinds.DEPENDENCIES.show(needed) == "db started, cache ready"


def test_a_limit_of_zero_is_none():
    assert kinds.SIZE_LIMIT.read(0) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [(True, True), ("false", False), ("src", ("src",)), (["a", "b"], ("a", "b"))],
)
def test_what_to_watch_is_a_switch_or_paths(value, expected):
    assert kinds.WATCH.read(value) == expected


@pytest.mark.parametrize(
    ("kind", "value"),
    [(kinds.WATCH, 7), (kinds.FILE, True), (kinds.EXEC_MODE, "thread"), (kinds.NAME, "all")],
)
def test_another_value_is_refused(kind, value):
    with pytest.raises(InvalidInput):
        kind.read(value)
