def test_a_value_is_gone(cli_that_keeps):
    assert cli_that_keeps("unset", "plain") == 0
    assert cli_that_keeps.out == "removed plain\n"

    cli_that_keeps("conf")
    assert cli_that_keeps.out == "{ other: '2' }\n"


def test_all_values_are_gone(cli_that_keeps):
    assert cli_that_keeps("unset", "all", "--json") == 0
    assert cli_that_keeps.json == {"key": "all"}

    cli_that_keeps("conf")
    assert cli_that_keeps.out == "{}\n"


def test_what_is_not_kept_is_a_fault(cli_that_keeps):
    assert cli_that_keeps("unset", "nothing") == 1
