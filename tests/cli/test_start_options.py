import pytest

from pmdaemon.cli.errors import WrongUsage
from pmdaemon.cli.start_options import as_typed, flag_of, options_of
from pmdaemon.config.field_table import FIELDS
from pmdaemon.core.errors import InvalidConfiguration, InvalidInput
from tests.support.views import a_view


def sent(cli, *arguments):
    cli.does("start", a_view(), warnings=[])
    cli.lists()
    assert cli("start", "x.js", *arguments) == 0
    return cli.daemon.asked("start")[-1]["options"]


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        (["--name", "a"], {"name": "a"}),
        (["-n", "a"], {"name": "a"}),
        (["--namespace", "n"], {"namespace": "n"}),
        (["-i", "max"], {"instances": "max"}),
        (["--instances", "-1"], {"instances": "-1"}),
        (["--cwd", "/srv"], {"cwd": "/srv"}),
        (["--interpreter", "none"], {"interpreter": "none"}),
        (["--interpreter-args", "-u -O"], {"interpreter_args": "-u -O"}),
        (["--node-args=--inspect"], {"interpreter_args": "--inspect"}),
        (["--port", "auto:5000-5100"], {"port": "auto:5000-5100"}),
        (["--max-memory-restart", "150M"], {"max_memory_restart": "150M"}),
        (["--max-memory", "150M"], {"max_memory_restart": "150M"}),
        (["--max-restarts", "3"], {"max_restarts": "3"}),
        (["--restart-delay", "500"], {"restart_delay": "500"}),
        (["--kill-timeout", "5s"], {"kill_timeout": "5s"}),
        (["--stop-signal", "SIGTERM"], {"stop_signal": "SIGTERM"}),
        (["--no-autorestart"], {"autorestart": False}),
        (["--log-max-size", "5M"], {"log_max_size": "5M"}),
        (["--log-keep", "3"], {"log_keep": "3"}),
        (["--log-max-files", "3"], {"log_keep": "3"}),
        (["--log-max-age", "7d"], {"log_max_age": "7d"}),
        (["--no-log-compress"], {"log_compress": False}),
        (
            ["-o", "a", "--error", "b", "-l", "c"],
            {"out_file": "a", "error_file": "b", "log_file": "c"},
        ),
        (["--output", "a", "--log", "c"], {"out_file": "a", "log_file": "c"}),
        (["--log-date-format", "HH:mm"], {"log_date_format": "HH:mm"}),
        (["--log-type", "json"], {"log_type": "json"}),
        (["--time", "--merge-logs"], {"time": True, "merge_logs": True}),
        (["--disable-logs"], {"disable_logs": True}),
        (["-e", "A=1", "--env", "B=x=y", "-e", "C="], {"env": {"A": "1", "B": "x=y", "C": ""}}),
        (["--", "--name", "b", "--", "-x"], {"args": ["--name", "b", "--", "-x"]}),
        (["--name", "a", "--"], {"name": "a"}),
        ([], {}),
    ],
)
def test_options_go_to_the_daemon_under_the_names_of_the_fields(cli, arguments, options):
    assert sent(cli, *arguments) == options


def test_a_refusal_names_the_option_that_was_typed():
    with pytest.raises(InvalidInput) as caught, as_typed({"max_memory_restart": "1X"}):
        raise InvalidInput("max_memory_restart: not a size: 1X")

    assert caught.value.message == "--max-memory-restart: not a size: 1X"


def test_each_of_several_faults_names_its_option_and_what_was_not_typed_its_field():
    problems = ["port: not a TCP port: x", "log_keep: not a number: y", "script: is a folder"]

    with pytest.raises(InvalidConfiguration) as caught, as_typed({"port": "x", "script": "/"}):
        raise InvalidConfiguration("the app", problems)

    assert caught.value.message == "cannot use the app: --port: not a TCP port: x (and 2 more)"
    assert caught.value.problems == ("--port: not a TCP port: x", *problems[1:])


@pytest.mark.parametrize("command", ["start", "restart", "reload"])
def test_every_command_with_these_options_names_them_in_refusals(cli, command):
    cli.refuses(command, "invalid_input", "port: not a TCP port: x")

    assert cli(command, "app", "--port", "x") == 2
    assert cli.err == "pmdaemon: --port: not a TCP port: x\n"


def test_every_option_is_a_field_that_the_daemon_reads():
    names = {field.name for field in FIELDS}
    given = dict.fromkeys(
        ("name", "namespace", "instances", "cwd", "interpreter", "interpreter_args", "port",
         "max_memory_restart", "max_restarts", "restart_delay", "kill_timeout", "stop_signal",
         "log_max_size", "log_keep", "log_max_age"),
        "x",
    )  # fmt: skip

    options, _ = options_of(
        {**given, "no_autorestart": True, "no_log_compress": True, "env": ("A=1",)}
    )

    assert options.keys() <= names
    assert len(options) == 18


def test_a_variable_needs_a_name():
    with pytest.raises(WrongUsage, match="KEY=VALUE"):
        options_of({"env": ("=x",)})


def test_a_word_without_a_value_names_an_environment():
    assert options_of({"env": ("production",)}) == ({}, "production")
    with pytest.raises(WrongUsage, match="not a and b"):
        options_of({"env": ("a", "b")})


@pytest.mark.parametrize(
    ("options", "flag"),
    [({"name": "a"}, "--name"), ({"env": {}}, "--env KEY=VALUE"), ({"args": []}, "--"),
     ({"autorestart": False}, "--no-autorestart"), ({"log_compress": False}, "--no-log-compress"),
     ({"port": "1"}, "--port")],
)  # fmt: skip
def test_an_option_is_named_as_it_is_typed(options, flag):
    assert flag_of(options) == flag
