import pytest

from pmdaemon.core.spec import Job, LogPolicy, Schedule, WatchPolicy
from pmdaemon.core.watching import WatchOrder, order_of
from tests.support.builders import an_app


def ignored(path, *patterns, is_folder=False, never=()):
    order = WatchOrder(("/srv",), patterns, never)
    return order.ignores("/srv", f"/srv/{path}", is_folder=is_folder)


@pytest.mark.parametrize(
    ("pattern", "path", "is_folder", "expected"),
    [
        ("node_modules", "node_modules", True, True),
        ("node_modules", "packages/a/node_modules", True, True),
        ("node_modules", "node_modules.js", False, False),
        (".*", ".git", True, True),
        (".*", "src/.env", False, True),
        ("*.log", "logs/app.log", False, True),
        ("/dist", "dist", True, True),
        ("/dist", "src/dist", True, False),
        ("./dist", "dist", True, True),
        ("tmp/", "tmp", True, True),
        ("tmp/", "tmp", False, False),
        ("**/cache/*.json", "a/b/cache/x.json", False, True),
    ],
)
def test_patterns_are_those_of_a_gitignore(pattern, path, is_folder, expected):
    assert ignored(path, pattern, is_folder=is_folder) is expected


def test_a_later_pattern_may_take_back_what_an_earlier_one_said():
    assert ignored("a.log", "*.log", "!keep.log")
    assert not ignored("keep.log", "*.log", "!keep.log")


def test_the_root_itself_is_never_ignored():
    assert not WatchOrder(("/srv/.app",), (".*",)).ignores("/srv/.app", "/srv/.app", is_folder=True)


@pytest.mark.parametrize("path", ["out.log", "out.log.1", "out.log.2.gz", "home", "home/store.db"])
def test_what_we_write_ourselves_is_left_out(path):
    assert ignored(path, never=("/srv/out.log", "/srv/home"))
    assert not ignored("other", never=("/srv/out.log", "/srv/home"))


def test_an_app_is_watched_but_for_its_own_files():
    spec = an_app(
        watch=WatchPolicy(("/srv",), ("*.tmp",)),
        logs=LogPolicy(out_file="/srv/out.log", error_file="/srv/err.log"),
        pid_file="/srv/app.pid",
    )

    assert order_of(spec) == WatchOrder(
        ("/srv",), ("*.tmp",), ("/srv/out.log", "/srv/err.log", "/srv/app.pid")
    )


def test_a_job_and_an_app_without_a_policy_are_not_watched():
    assert order_of(an_app()) is None
    job = an_app(watch=WatchPolicy(("/srv",)), job=Job(Schedule("@daily")))
    assert order_of(job) is None
