def test_nothing_needs_to_be_done(cli):
    cli.lists()

    assert cli("reloadLogs") == 0
    assert cli.out.count("\n") == 1


def test_with_json_the_list_is_printed(cli):
    cli.lists()

    assert cli("reloadLogs", "--json") == 0
    assert cli.json == []
