from pathlib import Path

from pmdaemon import __version__
from tests.support.views import a_view


def test_a_report_has_versions_the_list_and_the_last_of_the_daemons_log(cli):
    cli.daemon.answers("ping", {"result": {"version": "9.9", "pid": 7, "home": "/h"}})
    cli.lists(a_view("web"))
    Path(cli.home.daemon_log).write_text("one\ntwo\x1b[2J\n")

    assert cli("report") == 0
    assert cli.out.startswith(f"```\npmdaemon   {__version__}\n")
    assert "daemon     9.9, pid 7" in cli.out
    assert "web" in cli.out
    assert cli.out.endswith("one\ntwo\\x1b[2J\n```\n")


def test_a_report_needs_no_daemon(cli_without_daemon):
    cli = cli_without_daemon

    assert cli("report") == 0
    assert "daemon     no daemon is running" in cli.out
    assert "cannot read it: no such file" in cli.out
