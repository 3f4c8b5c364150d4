from tests.support.views import a_view


def test_a_folder_is_served_by_an_app(cli, folder):
    cli.does("start", a_view("static-page-server-9000"))
    cli.lists()

    assert cli("serve", ".", "9000", "--spa") == 0
    [asked] = cli.daemon.asked("start")
    [app] = asked["apps"]
    assert (app["name"], app["script"]) == ("static-page-server-9000", "serve")
    assert app["env"]["PM2_SERVE_HOST"] == "127.0.0.1"
    assert cli.out.startswith(
        f"static-page-server-9000 (id 0) serves {folder} on http://127.0.0.1:9000\n"
    )


def test_no_folder_and_half_of_the_credentials_are_refused(cli, folder):
    assert cli("serve", "nothing") == 2
    assert "no such folder" in cli.err
    assert cli("serve", ".", "--basic-auth-username", "u") == 2
    assert cli.daemon.asked("start") == []


def test_processes_as_json(cli, folder):
    cli.does("start", a_view("docs"))

    assert cli("expose", ".", "--name", "docs", "--json") == 0
    assert [view["name"] for view in cli.json] == ["docs"]


def test_an_address_of_ipv6_is_in_brackets(cli, folder):
    cli.does("start", a_view("docs"))
    cli.lists()

    assert cli("serve", ".", "9000", "--host", "::1") == 0
    assert "on http://[::1]:9000\n" in cli.out
