import json
from pathlib import Path

from tests.support.views import a_view


def test_the_list_is_saved_in_the_shape_of_pm2(cli):
    cli.lists(a_view("web", detail=True), a_view("api", detail=True, pm_id=1))

    assert cli("save") == 0
    assert cli.out == f"saved 2 processes to {cli.home.dump}\n"
    saved = json.loads(Path(cli.home.dump).read_text())
    assert [(entry["name"], entry["pm_exec_path"]) for entry in saved] == [
        ("web", "/srv/app.js"),
        ("api", "/srv/app.js"),
    ]


def test_an_empty_list_does_not_replace_a_saved_one(cli):
    Path(cli.home.dump).write_text("[]")
    cli.lists()

    assert cli("dump") == 0
    assert "what was saved before stays" in cli.err
    assert Path(cli.home.dump).read_text() == "[]"
    assert not Path(f"{cli.home.dump}.bak").exists()


def test_an_empty_list_is_saved_when_forced(cli):
    cli.lists()

    assert cli("save", "--force", "--json") == 0
    assert cli.json == {"path": cli.home.dump, "processes": 0, "written": True}
    assert json.loads(Path(cli.home.dump).read_text()) == []
