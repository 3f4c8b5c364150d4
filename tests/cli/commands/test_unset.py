import pytest


@pytest.fixture
def cli(cli_without_daemon):
    cli_without_daemon("multiset", "plain 1 other 2")
    return cli_without_daemon


def test_a_value_is_gone(cli):
    assert cli("unset", "plain") == 0
    assert cli.out == "removed plain\n"

    cli("conf")
    assert cli.out == "{ other: '2' }\n"


def test_all_values_are_gone(cli):
    assert cli("unset", "all", "--json") == 0
    assert cli.json == {"key": "all"}

    cli("conf")
    assert cli.out == "{}\n"


def test_what_is_not_kept_is_a_fault(cli):
    assert cli("unset", "nothing") == 1
