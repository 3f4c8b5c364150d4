import json

import pytest

from pmdaemon.cli.context import Context, say, say_json, warn
from pmdaemon.core.errors import DaemonNotRunning
from tests.support.views import a_view


def test_what_the_daemon_warns_of_is_on_standard_error(cli, capsys):
    cli.does("list", a_view(), warnings=["what happened since is not saved yet"])

    assert Context(cli.environment).client().list() == [a_view()]
    assert capsys.readouterr().err == "pmdaemon: what happened since is not saved yet\n"


def test_without_leave_no_daemon_is_started(cli_without_daemon):
    context = Context(cli_without_daemon.environment)

    with pytest.raises(DaemonNotRunning):
        context.client(start=False).ping()


def test_what_is_for_the_caller_alone_is_not_sent():
    context = Context({"PATH": "/bin", "PMDAEMON_API_KEY": "k", "PMDAEMON_TOKEN": "t"})

    assert context.environment_to_send() == {"PATH": "/bin"}


def test_progress_is_shown_on_a_terminal_only(cli, monkeypatch, capsys):
    stopped = {"result": {"processes": []}}
    cli.daemon.answers("stop", *[{"progress": "stopping app"}] * 3, stopped)
    context = Context(cli.environment)

    context.client().stop("app")
    assert capsys.readouterr().err == ""

    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    context.client().stop("app")
    assert capsys.readouterr().err == "stopping app\n"


def test_json_is_one_line(capsys):
    say_json([{"a": "two\nlines"}])

    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert json.loads(out) == [{"a": "two\nlines"}]


@pytest.mark.parametrize(("json", "printed"), [(True, '{"pid":7}\n'), (False, "it is 7\n")])
def test_a_result_is_printed_for_programs_or_for_people(capsys, json, printed):
    say({"pid": 7}, "it is 7", json=json)

    assert capsys.readouterr().out == printed


def test_a_warning_is_on_standard_error(capsys):
    warn("mind the gap")

    assert capsys.readouterr() == ("", "pmdaemon: mind the gap\n")


def test_what_is_said_on_standard_error_moves_no_cursor(capsys):
    warn("not a thing: \x1b[31mred\x07")

    assert capsys.readouterr().err == "pmdaemon: not a thing: \\x1b[31mred\\x07\n"


def test_what_the_daemon_warns_of_cannot_control_the_terminal(cli, capsys):
    cli.does("list", a_view(), warnings=["no file \x1b[2J"])

    Context(cli.environment).client().list()

    assert capsys.readouterr().err == "pmdaemon: no file \\x1b[2J\n"
