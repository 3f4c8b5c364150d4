import pytest

VIEW = {
    "id": "d-3",
    "project": "shop",
    "number": 3,
    "status": "running",
    "phase": None,
    "phases": {"fetch": 0.25, "start": 1.0},
    "origin": "cli",
    "branch": "main",
    "commit": "abcdef1234567",
    "message": "Third",
    "rollback_of": None,
    "release": 3,
    "url": "http://shop.localhost:9680",
    "error": "",
    "app": "shop@3",
    "live": True,
    "kept": True,
    "created": 1700000000.0,
    "started": 1700000001.0,
    "finished": 1700000003.5,
}

ID = "e107d06d-5035-48f0-a8f4-a31fe00667f0"

LINES = [
    {"number": 1, "level": "info", "stream": "system", "message": "queued", "time": 1.0},
    {"number": 2, "level": "info", "stream": "stdout", "message": "added 3 packages", "time": 2.0},
]

LOG = [{"item": {"lines": LINES}}, {"item": {"deployment": VIEW}}, {"result": {}}]


def test_deployments_are_listed(cli):
    cli.daemon.answers("deployments", {"result": {"deployments": [VIEW], "total": 1}})

    assert cli("deployments", "shop", "-n", "5") == 0
    assert cli.daemon.asked("deployments") == [{"project": "shop", "limit": 5}]
    assert "shop" in cli.out
    assert "abcdef1" in cli.out


def test_where_there_is_none_that_is_said(cli):
    cli.daemon.answers("deployments", {"result": {"deployments": [], "total": 0}})

    assert cli("deployments") == 0
    assert cli.out == "nothing has been deployed yet\n"


def test_one_is_shown_with_its_log(cli):
    cli.daemon.answers("deployment", {"result": {"deployment": VIEW}})
    cli.daemon.answers("deployment_log", *LOG)

    assert cli("deployments", "shop", "3") == 0
    assert cli.daemon.asked("deployment") == [{"project": "shop", "number": 3}]
    assert "url      http://shop.localhost:9680" in cli.out
    assert cli.out.endswith("--> queued\n    added 3 packages\n")


def test_programs_get_json(cli):
    cli.daemon.answers("deployments", {"result": {"deployments": [VIEW], "total": 1}})
    cli.daemon.answers("deployment", {"result": {"deployment": VIEW}})

    assert cli("deployments", "--json") == 0
    assert cli.json == {"deployments": [VIEW], "total": 1}
    assert cli("deployments", "shop", "3", "--json") == 0
    assert cli.json == VIEW


def test_one_can_be_ended(cli):
    ended = {**VIEW, "status": "failed"}
    cli.daemon.answers("deployment_cancel", {"result": {"deployment": ended}})

    assert cli("deployments", "shop", "3", "--cancel") == 0
    assert cli.daemon.asked("deployment_cancel") == [{"project": "shop", "number": 3}]
    assert cli.out == "cancelled deployment 3\n"


@pytest.mark.parametrize(
    ("option", "sentence"), [("stop", "stopped deployment 3"), ("remove", "removed deployment 3")]
)
def test_one_can_be_stopped_and_removed(cli, option, sentence):
    cli.daemon.answers(f"deployment_{option}", {"result": {"deployment": VIEW}})

    assert cli("deployments", "shop", f"--{option}") == 0
    assert cli.daemon.asked(f"deployment_{option}") == [{"project": "shop"}]
    assert cli.out == f"{sentence}\n"


@pytest.mark.parametrize("option", ["restart", "promote"])
def test_one_can_be_run_anew_and_that_is_followed(cli, option):
    cli.daemon.answers(f"deployment_{option}", {"result": {"deployment": VIEW}})
    cli.daemon.answers("deployment_log", *LOG)

    assert cli("deployments", "shop", "3", f"--{option}") == 0
    assert cli.daemon.asked(f"deployment_{option}") == [{"project": "shop", "number": 3}]
    assert cli.out.endswith("    added 3 packages\n")


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ([ID], {"id": ID}),
        (["show", ID], {"id": ID}),
        (["show", "shop", "3"], {"project": "shop", "number": 3}),
        (["show", "shop"], {"project": "shop"}),
    ],
)
def test_one_is_named_by_its_id_too_and_by_the_word_show(cli, words, asked):
    cli.daemon.answers("deployment", {"result": {"deployment": VIEW}})
    cli.daemon.answers("deployment_log", *LOG)

    assert cli("deployments", *words) == 0
    assert cli.daemon.asked("deployment") == [asked]


@pytest.mark.parametrize(
    "arguments",
    [
        ["shop", "0"],
        ["shop", "x"],
        ["shop", "9" * 5000],
        ["a", "1", "2"],
        ["-n", "0"],
        ["--cancel"],
    ],
)
def test_what_cannot_be_meant_is_refused(cli, arguments):
    assert cli("deployments", *arguments) == 2
    assert cli.daemon.requests == []


def test_what_is_not_there_is_said(cli):
    cli.refuses("deployment", "deployment_not_found", "deployment not found")

    assert cli("deployments", "shop", "9") == 3
    assert cli.err == "pmdaemon: deployment not found\n"
