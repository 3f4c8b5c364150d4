def test_a_value_is_kept_and_shown(cli_without_daemon):
    cli = cli_without_daemon

    assert cli("conf", "key", "value") == 0
    assert cli.out == "value\n"
    assert cli("conf", "key", "--json") == 0
    assert cli.json == "value"
    assert cli("config") == 0
    assert cli.out == "{ key: 'value' }\n"
