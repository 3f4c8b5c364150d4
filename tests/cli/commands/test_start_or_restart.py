from tests.support.views import a_view


def test_the_apps_of_a_file_are_started_or_started_anew(cli, file):
    cli.does("start", a_view("web"))
    cli.lists(a_view("web"))

    assert cli("startOrRestart", file, "--only", "web") == 0
    [asked] = cli.daemon.asked("start")
    assert ([app["name"] for app in asked["apps"]], asked["existing"]) == (["web"], "restart")
    assert "web (id 0)" in cli.out


def test_processes_as_json(cli, file):
    cli.does("start", a_view("web"))

    assert cli("startOrRestart", file, "--json") == 0
    assert [view["name"] for view in cli.json] == ["web"]
