import io
import os
import sys
from pathlib import Path

from pmdaemon.cli import foreground_run
from pmdaemon.cli.console import Console, RawPrinter
from pmdaemon.cli.context import Context
from pmdaemon.cli.foreground_run import home_of_run, never, run


def test_a_run_has_a_home_of_its_own_which_does_not_stay():
    with home_of_run(Context({}), None) as inside:
        home = Path(inside.environment["PMDAEMON_HOME"])
        assert home.is_dir()

    assert not home.exists()


def test_the_home_of_the_environment_stays(tmp_path):
    with home_of_run(Context({"PMDAEMON_HOME": str(tmp_path)}), None) as inside:
        assert inside.environment["PMDAEMON_HOME"] == str(tmp_path)

    assert tmp_path.exists()


def test_the_home_that_is_given_comes_first(tmp_path):
    outside = Context({"PMDAEMON_HOME": "/elsewhere"})

    with home_of_run(outside, str(tmp_path)) as inside:
        assert inside.environment["PMDAEMON_HOME"] == str(tmp_path)


def test_some_runs_end_only_when_somebody_says_so():
    assert never([]) is None


class _Foreground:
    """A foreground in which it is time to end at once."""

    def __init__(self, _context):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def start_daemon(self):
        pass

    def wait(self):
        return 7

    def stop_everything(self):
        pass


class _Stuck(Console):
    """A console whose output nobody reads."""

    def finish(self, patience):
        super().finish(patience)
        return False


def test_output_that_nobody_reads_is_left_behind(cli, monkeypatch):
    monkeypatch.setattr("sys.stdout", io.StringIO())  # both are put back at the end
    monkeypatch.setattr("sys.stderr", io.StringIO())
    monkeypatch.setattr(foreground_run, "Foreground", _Foreground)
    monkeypatch.setattr(foreground_run, "Console", _Stuck)
    cli.lists()
    cli.daemon.answers("follow", {"result": {}})

    status = run(Context(cli.environment), RawPrinter(), lambda: None, judge=never)

    assert status == 7
    assert sys.stdout.name == sys.stderr.name == os.devnull
    sys.stdout.close()
