"""Whatever a page says to type is a command that there is, with options that it has."""

from pathlib import Path

import pytest

from tests.support.documentation import PAGES, ROOT, commands_in, objection

NOT_TO_TYPE = {
    "CHANGELOG.md": "it is about commands as they were then",
    "cli.md": "it is made of the commands themselves",
}


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if page.name not in NOT_TO_TYPE],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_every_command_on_a_page_can_be_typed(page: Path):
    found = {command: objection(command) for command in commands_in(page.read_text())}

    assert {command: wrong for command, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize(
    ("page", "commands"),
    [
        ("    pmdaemon start app.js   # at once", ["start app.js   # at once"]),
        ("    $ pmdaemon stop all; pmdaemon kill", ["stop all", "kill"]),
        ("see `pmdaemon list --json`, or `pmdaemon describe`.", ["list --json", "describe"]),
        ("```console\n$ KEY=K pmdaemon web\n```", ["web"]),
        ("```sh\nkill $(pmdaemon pid app)\n```", ["pid app"]),
        ("```toml\nscript = 'pmdaemon nonsense'\n```", []),
        ("pmdaemon is a manager of processes", []),
        ("    docker run pmdaemon ecosystem.toml", []),
    ],
)
def test_commands_are_found_where_a_reader_would_see_them(page: str, commands: list[str]):
    assert list(commands_in(page)) == commands


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("strat app.js", "no such command: strat"),
        ("start app.js --nmae app", "No such option '--nmae'"),
        ("scale app", "Missing argument 'COUNT'"),
        ("proxy publish app", "no such command: publish"),
        ("proxy add app --to there", "No such option '--to'"),
    ],
)
def test_a_command_that_nobody_can_type_is_objected_to(command: str, said: str):
    assert said in (objection(command) or "")


@pytest.mark.parametrize(
    "command",
    [
        'start "node app.js" --name app',
        "proxy add app.localhost app",
        "stop …",
        "--help",
        "stop --help",
        "logs",
    ],
)
def test_a_command_that_can_be_typed_is_not(command: str):
    assert objection(command) is None
