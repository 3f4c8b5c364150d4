def test_a_value_is_printed_as_it_is(cli_that_keeps):
    assert cli_that_keeps("get", "plain") == 0
    assert cli_that_keeps.out == "1\n"


def test_all_values_are_printed_as_node_shows_them(cli_that_keeps):
    assert cli_that_keeps("get") == 0
    assert cli_that_keeps.out == "{ plain: '1', other: '2' }\n"


def test_values_as_json(cli_that_keeps):
    assert cli_that_keeps("get", "--json") == 0
    assert cli_that_keeps.json == {"plain": "1", "other": "2"}


def test_what_is_not_kept_is_a_fault(cli_that_keeps):
    assert cli_that_keeps("get", "nothing") == 1
    assert cli_that_keeps.err == "pmdaemon: nothing is kept as nothing\n"
