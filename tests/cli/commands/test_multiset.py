from tests.support.views import a_view


def test_an_app_is_started_anew_once_for_all_its_values(cli):
    cli.lists(a_view("web"))
    cli.does("restart", a_view("web"))

    assert cli("multiset", "web:A 1 web:B 2 plain 3") == 0
    assert [body["options"] for body in cli.daemon.asked("restart")] == [
        {"env": {"A": "1", "B": "2"}}
    ]

    cli("get", "plain")
    assert cli.out == "3\n"


def test_pairs_as_json(cli_without_daemon):
    cli = cli_without_daemon

    assert cli("multiset", "a", "1", "b", "2", "--json") == 0
    assert cli.json == {"a": "1", "b": "2"}
