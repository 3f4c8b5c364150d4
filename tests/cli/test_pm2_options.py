import click
import pytest

from pmdaemon.cli.pm2_options import parse


def test_options_may_stand_before_and_behind_the_command():
    typed = parse(["-s", "start", "--name", "web", "app.js", "-i", "max", "--", "--name", "x"])

    assert typed.words == ["start", "app.js"]
    assert typed.fields == {"name": "web", "instances": "max"}
    assert typed.given["silent"]
    assert typed.args == ["--name", "x"]


@pytest.mark.parametrize(
    ("arguments", "fields"),
    [
        (["-i", "-1"], {"instances": "-1"}),
        (["--node-args=null"], {"interpreter_args": None}),
        (["--cron-restart", "0"], {"cron_restart": "0"}),
        (["-c", "0 3 * * *"], {"cron_restart": "0 3 * * *"}),
        (["--no-autorestart", "--no-treekill"], {"autorestart": False, "treekill": False}),
        (["--watch"], {"watch": True}),
        (["--watch=src", "--watch=lib"], {"watch": ["src", "lib"]}),
        (["--watch-delay", "4"], {"watch_delay": "4s"}),
        (["--watch-delay", "400ms"], {"watch_delay": "400ms"}),
        (["--ignore-watch", "a", "--ignore-watch", "b"], {"ignore_watch": ["a", "b"]}),
        (["-o", "NULL", "-e", "/dev/null"], {"out_file": "NULL", "error_file": "/dev/null"}),
        (["-l", "all.log"], {"log_file": "all.log"}),
        (["-p", "web.pid"], {"pid_file": "web.pid"}),
        (["-x", "--time"], {"execute_command": True, "time": True}),
        (["--no-pmx", "--no-vizion", "--trace"], {}),
    ],
)
def test_options_are_fields_of_an_app(arguments, fields):
    assert parse(["start", "app.js", *arguments]).fields == fields


def test_an_unknown_option_is_refused():
    with pytest.raises(click.NoSuchOption):
        parse(["start", "--nosuch"])
