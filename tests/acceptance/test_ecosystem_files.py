"""Ecosystem files of all formats, and what stands in them."""

import json
import subprocess

import pytest

from tests.acceptance.conftest import FOREVER
from tests.support.machine import needs
from tests.support.running import command_line, environment_of
from tests.support.waiting import eventually_sync

pytestmark = pytest.mark.shared_home

needs_node = needs("node")

PM2_FILE = """
// As PM2 has them.
const name = 'app'
module.exports = {
  apps: [{ name, script: 'sleep', args: '1000', env: { COLOUR: 'blue' },
           env_production: { COLOUR: 'red' } }],
  deploy: {},
}
"""

JS_EXPRESSION = "{apps: [{name: 'app', script: 'sleep ' + 1000, env: {COLOUR: 'blue'}}]}"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("eco.yaml", "- {name: app, script: sleep, args: [1000], env: {COLOUR: blue}}\n"),
        ("eco.json", '[{"name": "app", "cmd": "sleep 1000", /* */ "env": {"COLOUR": "blue"},}]'),
        ("package.json", '{"pm2": {"name": "app", "script": "sleep 1000", "env": "COLOUR=blue"}}'),
        ("Procfile", "app: env COLOUR=blue sleep 1000\n"),
        pytest.param("ecosystem.config.js", PM2_FILE, marks=needs_node),
        pytest.param("eco.json", JS_EXPRESSION, marks=needs_node),
    ],
)  # fmt: skip
def test_a_file_may_be_in_any_format(pmdaemon, name, text):
    pmdaemon.script(name, text)

    pmdaemon.run("start", name)

    pid = pmdaemon.pid("app")
    # One of them begins as `env`, which has to come to execute what follows.
    eventually_sync(lambda: command_line(pid)[-1:] == ["1000"])
    eventually_sync(lambda: environment_of(pid).get("COLOUR") == "blue")

    pmdaemon.run("delete", name)
    assert pmdaemon.list() == []


@needs_node
def test_pm2s_words_do_what_they_do_there(pmdaemon):
    pmdaemon.script("ecosystem.config.js", PM2_FILE)

    pmdaemon.run("start")
    assert environment_of(pmdaemon.pid("app"))["COLOUR"] == "blue"

    pmdaemon.run("restart", "ecosystem.config.js", "--env", "production")
    assert environment_of(pmdaemon.pid("app"))["COLOUR"] == "red"


@needs_node
def test_a_config_that_throws_is_one_sentence(pmdaemon):
    pmdaemon.script("ecosystem.config.cjs", "\nthrow new Error('no luck')")

    assert pmdaemon.refused("start", "ecosystem.config.cjs", status=2) == (
        "cannot use ecosystem.config.cjs: Error: no luck at line 2"
    )


def test_without_node_the_sentence_says_so(pmdaemon):
    pmdaemon.script("ecosystem.config.js", PM2_FILE)

    assert pmdaemon.refused("start", "ecosystem.config.js", status=2, PATH="/nowhere") == (
        "cannot read ecosystem.config.js: it is JavaScript, and node is not installed"
    )


def test_a_file_may_come_on_standard_input(pmdaemon):
    text = json.dumps([{"name": "app", "script": FOREVER}])
    subprocess.run(
        pmdaemon.command("start", "-"),
        input=text.encode(),
        env=pmdaemon.environment,
        cwd=pmdaemon.work,
        check=True,
        capture_output=True,
    )

    assert pmdaemon.process("app")["state"] == "online"


def test_texts_may_hold_variables_and_files_too(pmdaemon):
    pmdaemon.script(".env", "COLOUR=red\nFROM_FILE='a $b'\n")
    pmdaemon.script(
        "eco.toml",
        f'name = "${{NAME:-app}}"\nscript = "{FOREVER}"\nenv_file = ".env"\n'
        'filter_env = ["SECRET"]\n'
        'increment_var = "SHARD"\ninstances = 2\nenv = { COLOUR = "${COLOUR}", SHARD = 5 }\n',
    )

    pmdaemon.run("start", "eco.toml", NAME="other", COLOUR="blue", MY_SECRET="x")

    environment = environment_of(pmdaemon.process("other", 1)["pid"])
    assert (environment["COLOUR"], environment["FROM_FILE"]) == ("blue", "a $b")
    assert (environment["SHARD"], environment["NODE_APP_INSTANCE"]) == ("6", "1")
    assert "MY_SECRET" not in environment

    pmdaemon.run("delete", "eco.toml", NAME="other")
    assert pmdaemon.list() == []


def test_all_faults_of_a_file_are_told_and_nothing_is_started(pmdaemon):
    pmdaemon.script(
        "eco.yaml",
        "apps:\n- {name: good, script: sleep 1000}\n"
        "- {name: bad, script: nowhere.py, prot: 1, port: x, max_memory_restart: 1X}\n"
        "- {name: good, script: sleep 1000, instances: 3, port: 3000}\n",
    )

    outcome = pmdaemon.run("start", "eco.yaml", status=2)

    first, *others = outcome.err.splitlines()
    assert first.startswith("pmdaemon: cannot use eco.yaml: apps[1].port: not a TCP port: x")
    assert [each.split(": ")[1] for each in others] == [
        "apps[1].max_memory_restart",
        "apps[1].script",
        "apps[2].port",
        "apps[2].name",
        "apps[1].prot",
    ]
    assert pmdaemon.list() == []
