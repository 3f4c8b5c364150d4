"""`init` and `validate`, and what they lead to."""

from tests.acceptance.conftest import FOREVER


def test_a_first_file_is_written_validated_and_started(pmdaemon):
    pmdaemon.script("main.py", "import time; time.sleep(1000)\n")

    pmdaemon.run("init")
    validated = pmdaemon.run("validate")
    pmdaemon.run("start")

    assert validated.lines[-1] == "ecosystem.toml can be started: 1 app"
    [started] = pmdaemon.list()
    assert (started["name"], started["state"]) == (pmdaemon.work.name, "online")


def test_validating_starts_neither_programs_nor_a_daemon(pmdaemon):
    pmdaemon.script("eco.toml", f'script = "{FOREVER}"\n')

    assert pmdaemon.run("validate", "eco.toml", "--json").json == {
        "apps": ["sleep"],
        "warnings": [],
    }

    assert pmdaemon.run("ping", "--no-start", status=4).out == ""
