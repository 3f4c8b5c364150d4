import pytest

from pmdaemon.cli.awaiting import main
from pmdaemon.config.ecosystem import load
from pmdaemon.core.errors import InvalidConfiguration


def apps(tmp_path, said):
    path = tmp_path / "prox.yaml"
    web = "processes: {web: {cmd: a, depends_on: db}}"
    path.write_text(f"{web}\ndependencies: {{db: {said}}}")
    return load(str(path), {}).apps


def test_it_is_a_program_that_waits(tmp_path):
    said = "{check: {tcp: 'localhost:5432', timeout: 1m}, start: ./up, on_failure: warn}"

    app = apps(tmp_path, said)[0]

    assert app["name"] == "db"
    assert not app["autorestart"]
    assert app["args"] == [
        "-m", "pmdaemon.cli.awaiting", "db", "--tcp", "localhost:5432", "--timeout", "60",
        "--interval", "1", "--start", "./up", "--warn",
    ]  # fmt: skip


def test_others_wait_until_it_has_ended_well(tmp_path):
    assert apps(tmp_path, "{check: {cmd: 'true'}}")[1]["depends_on"] == {"db": "completed"}


def test_the_program_understands_what_it_is_told(tmp_path, capfd):
    app = apps(tmp_path, "{check: {cmd: 'exit 0'}}")[0]

    assert main(app["args"][2:]) == 0
    assert capfd.readouterr().out == "db answers\n"


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ("5", "dependencies.db: not a table: 5"),
        ("{}", "dependencies.db.check: it needs one of tcp, url, cmd"),
        ("{check: {tcp: a, url: b}}", "dependencies.db.check: it needs one of tcp, url, cmd"),
        ("{check: {cmd: a, timeout: 5}}", "dependencies.db.check.timeout: not a duration: 5"),
        ("{check: {tcp: {port: 5}}}", 'dependencies.db.check.tcp: not text: {"port": 5}'),
        ("{check: {cmd: a}, start: 5}", "dependencies.db.start: not a command: 5"),
        ("{check: {cmd: a}, on_failure: x}", "dependencies.db.on_failure: fail or warn, not x"),
    ],
)
def test_what_cannot_be_used_is_told(tmp_path, said, problem):
    with pytest.raises(InvalidConfiguration) as refused:
        apps(tmp_path, said)

    assert any(one.startswith(problem) for one in refused.value.problems)
