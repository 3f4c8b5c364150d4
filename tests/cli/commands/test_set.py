import json
from pathlib import Path

from tests.support.views import a_view


def test_a_value_is_kept_in_a_file_of_pm2s_name(cli_without_daemon):
    cli = cli_without_daemon

    assert cli("set", "key", "value") == 0
    assert cli.out == "kept key\n"
    assert json.loads(Path(cli.home.conf).read_text()) == {"key": "value"}


def test_a_value_of_an_app_that_runs_becomes_its_variable(cli):
    cli.lists(a_view("web"))
    cli.does("restart", a_view("web"))

    assert cli("set", "web:COLOUR", "red") == 0
    assert cli.out == "restarted web (id 0) with COLOUR\nkept web:COLOUR\n"
    assert cli.daemon.asked("restart") == [
        {"selectors": ["web"], "options": {"env": {"COLOUR": "red"}}}
    ]


def test_an_app_that_is_down_is_left_so(cli):
    cli.lists(a_view("web", wish="down", state="stopped", pid=None))

    assert cli("set", "web:COLOUR", "red", "--json") == 0
    assert cli.json == {"web:COLOUR": "red"}
    assert cli.daemon.asked("restart") == []
