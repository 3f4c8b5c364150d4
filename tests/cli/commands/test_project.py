import pytest

from tests.cli.test_project_parts import DOMAIN, VARIABLE, WEBHOOK

PROJECT = {
    "id": "p1",
    "user": None,
    "name": "Shop",
    "slug": "shop",
    "repo_url": "https://example.com/shop",
    "branch": "main",
    "install_command": "",
    "build_command": "",
    "start_command": "",
    "run_dir": "",
    "port": 3000,
    "framework": "",
    "health_path": "",
    "drain": 30.0,
    "keep": 5,
    "build_timeout": 0.0,
    "start_timeout": 90.0,
    "build_memory": 2147483648,
    "status": "active",
    "url": "http://shop.localhost:9680",
    "created": 1_700_000_000.0,
    "updated": 1_700_000_000.0,
}


@pytest.fixture
def answers(cli):
    for verb in ("project_add", "project_change", "project_remove"):
        cli.daemon.answers(verb, {"result": {"project": PROJECT}})
    cli.daemon.answers("projects", {"result": {"projects": [PROJECT]}})
    cli.daemon.answers("rotate_sealing", {"result": {"sealed": 1}})
    return cli


def test_projects_are_listed(answers):
    assert answers("project") == 0
    assert "shop" in answers.out
    assert "this machine" in answers.out
    assert "http://shop.localhost:9680" in answers.out

    assert answers("project", "list", "--json") == 0
    assert answers.json == [PROJECT]


def test_without_projects_it_says_how_to_make_one(cli):
    cli.daemon.answers("projects", {"result": {"projects": []}})

    assert cli("project") == 0

    assert cli.out == "no projects; create one with pmdaemon project create\n"


def test_a_project_is_made_of_what_is_said(answers):
    line = "project create Shop https://example.com/shop --branch dev --drain 1m --keep 3"
    more = ["--health", "/up", "--build", "npm run build", "--user", "jane@example.com"]
    assert answers(*line.split(), *more) == 0

    assert answers.out == "created shop (to deploy it: pmdaemon deploy --project shop)\n"
    assert answers.daemon.asked("project_add") == [
        {
            "fields": {
                "name": "Shop",
                "repo_url": "https://example.com/shop",
                "branch": "dev",
                "drain": 60.0,
                "keep": 3,
                "health_path": "/up",
                "build_command": "npm run build",
            },
            "user": "jane@example.com",
        }
    ]


def test_a_folder_here_is_named_in_full(answers, folder):
    folder.joinpath("app").mkdir()

    for word in ("app", "./app"):
        answers("project", "create", "Shop", word)

    asked = answers.daemon.asked("project_add")
    assert {one["fields"]["repo_url"] for one in asked} == {str(folder / "app")}


def test_to_a_project_of_pushes_one_is_told_to_push(cli):
    cli.daemon.answers("project_add", {"result": {"project": {**PROJECT, "repo_url": "push"}}})

    assert cli("project", "create", "Shop", "push") == 0
    assert cli.out == (
        "created shop (to deploy it: git push http://NAME:TOKEN@HOST/git/shop.git main)\n"
    )


def test_a_project_is_changed_in_what_is_said_alone(answers):
    assert answers("project", "change", "shop", "--start", "", "--repository", "/srv/x") == 0

    assert answers.daemon.asked("project_change") == [
        {"project": "shop", "fields": {"repo_url": "/srv/x", "start_command": ""}}
    ]
    assert answers("project", "change", "shop") == 2


def test_a_project_is_removed(answers):
    assert answers("project", "remove", "shop") == 0

    assert answers.out == "removed shop\n"


def test_secrets_are_sealed_anew(answers):
    assert answers("project", "rotate-key") == 0

    assert answers.out == "sealed 1 secret with a new key\n"


def test_what_is_not_there_is_told(cli):
    cli.refuses("project_remove", "project_not_found", "no project is called x")

    assert cli("project", "remove", "x") == 3


def test_a_project_is_shown_with_what_belongs_to_it(answers):
    answers.daemon.answers("project", {"result": {"project": PROJECT}})
    for verb, one in (("variables", VARIABLE), ("domains", DOMAIN), ("webhooks", WEBHOOK)):
        answers.daemon.answers(verb, {"result": {verb: [one]}})

    assert answers("project", "show", "shop") == 0
    assert "repository    https://example.com/shop" in answers.out
    assert "time to start 90 s\nbuild memory  2.0 GB" in answers.out
    assert "time to build" not in answers.out
    for one in (VARIABLE["key"], DOMAIN["domain"], WEBHOOK["id"]):
        assert one in answers.out

    assert answers("project", "show", "shop", "--json") == 0
    assert answers.json == {
        **PROJECT,
        "variables": [VARIABLE],
        "domains": [DOMAIN],
        "webhooks": [WEBHOOK],
    }


def test_limits_of_a_project_are_read_as_times_and_sizes(answers):
    line = "project add Shop https://example.com/x --build-timeout 1h --build-memory 2G"
    assert answers(*line.split(), "--start-timeout", "0") == 0

    (asked,) = answers.daemon.asked("project_add")
    said = {name: asked["fields"][name] for name in asked["fields"] if "build" in name}
    assert said == {"build_timeout": 3600.0, "build_memory": 2147483648}
    assert asked["fields"]["start_timeout"] == 0
