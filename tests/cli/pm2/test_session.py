import json

import pytest

from pmdaemon.cli.pm2.session import name_of_line


@pytest.mark.parametrize(
    ("script", "name"),
    [
        ("npm run start", "npm run start"),
        ("python3 w.py", "python3 w"),
        ("node /srv/app.js --rate 1.5", "app.js --rate 1"),
        ("server.js", None),
        ("echo all; exec /bin/all ", None),
    ],
)
def test_a_command_line_is_called_by_all_of_it(script, name):
    assert name_of_line(script) == name


def test_the_list_has_versions_and_whose_a_program_is(pm2, web):
    pm2.lists(web)

    assert pm2("ls") == 0
    [row] = [line for line in pm2.out.splitlines() if " web " in line]
    cells = [cell.strip() for cell in row.split("│")[1:-1]]
    assert cells[:6] == ["0", "web", "default", "N/A", "fork", "1234"]


def test_only_some_of_the_apps_of_a_file(pm2, folder, web):
    (folder / "eco.json").write_text(
        '[{"name": "web", "script": "a", "env_p": {"A": "1"}}, {"name": "api", "script": "b"}]'
    )
    pm2.lists()
    pm2.does("start", web)

    assert pm2("start", "eco.json", "--only", "web", "--env", "p") == 0
    [asked] = pm2.daemon.asked("start")
    assert [(app["name"], app["env"]) for app in asked["apps"]] == [("web", {"A": "1"})]


def test_an_environment_that_no_app_has_is_noted(pm2, folder, web):
    (folder / "eco.json").write_text('[{"name": "web", "script": "a"}]')
    pm2.lists()
    pm2.does("start", web)

    assert pm2("start", "eco.json", "--env", "prod") == 0
    assert pm2.said[0] == "[PM2][WARN] Environment [prod] is not defined in process file"


def test_a_block_of_lines_a_process(pm2, web):
    pm2.lists(web)

    assert pm2("list", "-m") == 0
    assert pm2.out.startswith("+--- web\n")


@pytest.mark.parametrize(
    ("fields", "is_merged"),
    [
        ({"instances": 2, "merge_logs": True}, True),
        ({"instances": "max", "combineLogs": True}, True),
        ({"instances": 2}, False),
        ({"instances": 2, "merge_logs": False}, False),
        ({"merge_logs": True}, False),
        ({"instances": [2], "merge_logs": True, "out": "o.log"}, False),
    ],
)
def test_instances_that_merge_their_logs_write_to_one_file_of_pm2s(
    pm2, folder, web, fields, is_merged
):
    (folder / "eco.json").write_text(json.dumps([{"name": "a b", "script": "a", **fields}]))
    pm2.lists()
    pm2.does("start", web)

    assert pm2("start", "eco.json") == 0
    [app] = pm2.daemon.asked("start")[0]["apps"]
    files = {"out_file": f"{pm2.folder}/logs/a-b-out.log",
             "error_file": f"{pm2.folder}/logs/a-b-error.log"}  # fmt: skip
    assert {key: app[key] for key in files.keys() & app.keys()} == (files if is_merged else {})
