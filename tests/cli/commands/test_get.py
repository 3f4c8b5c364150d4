import pytest


@pytest.fixture
def cli(cli_without_daemon):
    cli_without_daemon("multiset", "plain 1 other 2")
    return cli_without_daemon


def test_a_value_is_printed_as_it_is(cli):
    assert cli("get", "plain") == 0
    assert cli.out == "1\n"


def test_all_values_are_printed_as_node_shows_them(cli):
    assert cli("get") == 0
    assert cli.out == "{ plain: '1', other: '2' }\n"


def test_values_as_json(cli):
    assert cli("get", "--json") == 0
    assert cli.json == {"plain": "1", "other": "2"}


def test_what_is_not_kept_is_a_fault(cli):
    assert cli("get", "nothing") == 1
    assert cli.err == "pmdaemon: nothing is kept as nothing\n"
