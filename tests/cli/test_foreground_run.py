from pathlib import Path

from pmdaemon.cli.context import Context
from pmdaemon.cli.foreground_run import home_of_run, never


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
