import pytest

from pmdaemon.config.table_fields import depends_on, hooks, job, limits, niceness, umask
from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.spec import Dependency, Hook, Job, Schedule


@pytest.mark.parametrize(
    "value",
    [
        "db cache",
        "db, cache",
        ["db", "cache"],
        [{"name": "db"}, "cache"],
        {"db": "ready", "cache": None},
        {"db": {"condition": "service_healthy"}, "cache": {}},
    ],
)
def test_dependencies_are_names(value):
    assert depends_on(value).value == (Dependency("db"), Dependency("cache"))


def test_dependencies_may_have_conditions():
    value = {"db": "started", "migrate": {"condition": "completed"}}

    assert depends_on(value).value == (
        Dependency("db", "started"),
        Dependency("migrate", "completed"),
    )


@pytest.mark.parametrize("value", [7, ["all"], [{}], {"db": "perhaps"}, {"db": 7}, [7]])
def test_other_dependencies_are_refused(value):
    with pytest.raises(InvalidInput):
        depends_on(value)


def test_a_job_is_a_time_or_a_table():
    assert job("@daily").value == Job(Schedule("0 0 * * *"))
    assert job(
        {"cron": "0 3 * * *", "timezone": "UTC", "overlap": "queue", "timeout": "1m", "keep": 5}
    ).value == Job(Schedule("0 3 * * *", "UTC"), overlap="queue", timeout=60.0, keep=5)


@pytest.mark.parametrize(
    "value", [7, "x", {}, {"cron": 0}, {"cron": "@daily", "overlap": "both"}, {"timeout": "1m"}]
)
def test_another_job_is_refused(value):
    with pytest.raises(InvalidInput):
        job(value)


def test_hooks_are_commands_and_urls():
    assert hooks({"command": "./a.sh 'b c'"}).value == (Hook(("all",), ("./a.sh", "b c")),)
    assert hooks(
        [
            {"on": "crash, errored", "url": "https://a/", "secret": "s"},
            {"events": ["exit"], "command": ["a"]},
        ]
    ).value == (
        Hook(("crash", "errored"), url="https://a/", secret="s"),
        Hook(("exit",), ("a",)),
    )


def test_a_hook_with_shell_syntax_is_run_by_the_shell():
    [hook] = hooks({"command": "cat >> news; echo >> news"}).value

    assert hook.command == ("/bin/sh", "-c", "cat >> news; echo >> news")


@pytest.mark.parametrize(
    "value",
    [
        7,
        {},
        {"events": "crash"},
        {"command": ""},
        {"command": "a 'b"},
        {"command": "a", "url": "http://a/"},
        {"events": "dance", "command": "a"},
        {"events": [7], "command": "a"},
        {"events": "crash", "on": "exit", "command": "a"},
        {"command": []},
    ],
)
def test_another_hook_is_refused(value):
    with pytest.raises(InvalidInput):
        hooks(value)


def test_the_secret_of_a_hook_is_not_told():
    assert "s3cret" not in repr(hooks({"url": "http://a/?s3cret", "secret": "s3cret"}).value)


def test_limits_are_numbers_or_sizes():
    read = limits({"nofile": 4096, "core": "unlimited", "AS": "1G"})

    assert read.value == {"nofile": 4096, "core": -1, "as": 1024**3}


@pytest.mark.parametrize("value", [7, {"nofile": "1G"}, {"nofile": -2}, {"core": "x"}])
def test_other_limits_are_refused(value):
    with pytest.raises(InvalidInput):
        limits(value)


@pytest.mark.parametrize(("value", "mask"), [("022", 0o22), ("0077", 0o77), ("7", 7)])
def test_a_umask_is_octal(value, mask):
    assert umask(value) == mask


@pytest.mark.parametrize("value", [22, 18, "8", "", "01000", "u=rwx"])
def test_another_umask_is_refused(value):
    with pytest.raises(InvalidInput, match='octal digits in quotes, such as "022"'):
        umask(value)


def test_niceness_has_its_bounds():
    assert niceness("-20") == -20
    with pytest.raises(InvalidInput):
        niceness(20)
