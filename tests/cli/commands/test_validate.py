import json

import pytest

FILE = """
[[apps]]
name = "web"
script = "sleep ${SECONDS:-5}"
instances = 2
port = "3000-3001"
nme = 1
"""


@pytest.fixture
def path(folder):
    (folder / "eco.toml").write_text(FILE)
    return folder / "eco.toml"


def test_a_file_that_can_be_started_is_said_to_be(cli, path):
    assert cli("validate", "eco.toml") == 0

    assert cli.out.splitlines()[-1] == "eco.toml can be started: 1 app"
    assert cli.out.startswith("web: /bin/sh -c sleep ${SECONDS:-5}, 2 instances, port 3000-3001\n")
    assert cli.err == "pmdaemon: apps[0].nme: unknown field; did you mean name?\n"
    assert cli.daemon.requests == []


def test_all_faults_are_told(cli, path):
    path.write_text('[[apps]]\nscript = "no-such-program"\nport = 0\n[[apps]]\nname = "all"\n')

    assert cli("validate", "eco.toml") == 2

    first, *others = cli.err.splitlines()
    assert first.startswith("pmdaemon: cannot use eco.toml: apps[0].port: ")
    assert first.endswith(" (and 3 more)")
    assert [each.split(":")[1].strip() for each in others] == [
        "apps[0].script", "apps[1].name", "apps[1].script",
    ]  # fmt: skip


def test_warnings_may_count_as_faults(cli, path):
    assert cli("validate", "eco.toml", "--strict") == 2
    assert "unknown field" in cli.err


def test_the_file_of_the_folder_needs_no_naming(cli, path):
    path.rename(path.with_name("ecosystem.toml"))

    assert cli("validate", "--json") == 0
    assert cli.json == {
        "apps": ["web"],
        "warnings": ["apps[0].nme: unknown field; did you mean name?"],
    }


def test_the_schema_is_for_all_files(cli):
    assert cli("validate", "--schema") == 0
    assert json.loads(cli.out)["$schema"].startswith("https://json-schema.org/")
    assert cli("validate", "--schema", "eco.toml") == 2


def test_the_settings_of_a_home_are_checked_as_well(cli, folder):
    path = folder / "settings.toml"
    path.write_text('[deploy]\nbuild_timeout = "1h"\nbild = 1\n')

    assert cli("validate", "settings.toml") == 0
    assert cli.out == "settings.toml can be used\n"
    assert cli.err == "pmdaemon: deploy.bild: unknown setting\n"
    assert cli("validate", "settings.toml", "--strict") == 2
    assert cli("validate", str(path), "--json") == 0
    assert cli.json == {"warnings": ["deploy.bild: unknown setting"]}

    path.write_text("[deploy]\nbuild_timeout = 0\nconcurrent_builds = 0\n")
    assert cli("validate", "settings.toml") == 2
    assert "deploy.build_timeout: it must be between a second and a day" in cli.err
    assert "deploy.concurrent_builds: it must be from 1 to 64" in cli.err

    path.unlink()
    assert cli("validate", "settings.toml") == 2
    assert cli.daemon.requests == []
