import pytest

from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.projects import EnvScope
from pmdaemon.core.variables import (
    LARGEST_VALUE,
    read_key,
    read_scope,
    read_value,
    read_variables,
)


@pytest.mark.parametrize("key", ["A", "DATABASE_URL", "_x", "lower", "X9", "GIT_TOKEN", "PATH"])
def test_a_project_sets_its_own_variables(key):
    assert read_key(key) == key


@pytest.mark.parametrize("key", ["", "A=B", "A B", "9A", "A-B", "Ä", "A\n", "x" * 257, "A\0"])
def test_what_is_no_name_is_refused(key):
    with pytest.raises(InvalidInput, match="not the name of a variable"):
        read_key(key)


@pytest.mark.parametrize(
    "key",
    [
        "LD_PRELOAD", "LD_LIBRARY_PATH", "ld_preload", "DYLD_INSERT_LIBRARIES", "PMDAEMON_TOKEN",
        "PMDAEMON_HOME", "LISTEN_FDS", "NOTIFY_SOCKET", "NODE_CHANNEL_FD", "BASH_ENV",
    ],
)  # fmt: skip
def test_what_decides_about_the_program_or_us_is_not_a_projects(key):
    with pytest.raises(InvalidInput, match=f"a project cannot set {key}") as refused:
        read_key(key)

    assert refused.value.code == "invalid_variable"


def test_an_empty_value_is_a_value():
    assert read_value("A", "") == ""
    assert read_value("A", "x" * LARGEST_VALUE) == "x" * LARGEST_VALUE


@pytest.mark.parametrize("value", ["s3cret\0", "s3cret" * LARGEST_VALUE, "s3cret\ud800"])
def test_a_value_that_no_variable_holds_is_refused_and_not_repeated(value):
    with pytest.raises(InvalidInput) as refused:
        read_value("A", value)

    assert "s3cret" not in refused.value.message


def test_several_are_set_together_or_not_at_all():
    assert read_variables({"A": "1", "B": ""}) == {"A": "1", "B": ""}
    with pytest.raises(InvalidInput):
        read_variables({"A": "1", "LD_PRELOAD": "x"})


def test_a_scope_is_one_of_three():
    assert read_scope("build") is EnvScope.BUILD
    with pytest.raises(InvalidInput, match="there are build, run, both"):
        read_scope("all")


def test_a_name_as_long_as_one_may_be_is_taken():
    assert read_key("A" * 256) == "A" * 256


@pytest.mark.parametrize(
    ("read", "sentence", "code"),
    [
        (
            lambda: read_key("A-B"),
            "not the name of a variable: A-B (letters, digits and _, no digit first)",
            "invalid_variable",
        ),
        (
            lambda: read_variables({"A": "x\0"}),
            f"cannot set A: a value is text of at most {LARGEST_VALUE} bytes, without NUL",
            "invalid_variable",
        ),
        (
            lambda: read_scope("all"),
            "not a scope of variables: all (there are build, run, both)",
            "invalid_scope",
        ),
    ],
)
def test_a_refusal_says_what_is_wrong_and_with_what(read, sentence, code):
    with pytest.raises(InvalidInput) as refused:
        read()

    assert (refused.value.message, refused.value.code) == (sentence, code)
