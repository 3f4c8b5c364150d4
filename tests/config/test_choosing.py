import pytest

from pmdaemon.config.choosing import chosen, names_of, with_environment
from pmdaemon.core.errors import InvalidInput

APPS = [
    {
        "name": "web",
        "script": "a.js",
        "env": {"MODE": "plain", "PORT": "1"},
        "env_prod": {"MODE": "fast"},
    },
    {"exec": "tools/worker.py", "namePrefix": "shop"},
    {"name": "${NAME:-cron}", "script": "x"},
]


def test_an_app_is_called_as_it_will_be():
    assert names_of(APPS, {}) == ["web", "shop:worker", "cron"]
    assert names_of(APPS, {"NAME": "n"}) == ["web", "shop:worker", "n"]
    assert names_of(APPS, None) == ["web", "shop:worker", "${NAME:-cron}"]


@pytest.mark.parametrize(
    "app", [{}, {"script": 7}, {"name": ["x"], "script": {}}, {"name": "${", "script": "a"}]
)
def test_an_app_that_cannot_be_read_is_called_something(app):
    [name] = names_of([app], {})

    assert isinstance(name, str)


def test_some_apps_may_be_chosen():
    assert chosen(APPS, ["web", "cron"], "eco.toml", {}) == [APPS[0], APPS[2]]


def test_an_app_that_is_not_there_cannot_be_chosen():
    with pytest.raises(InvalidInput) as refusal:
        chosen(APPS, ["web", "nope"], "eco.toml", {})

    assert refusal.value.message == (
        "there is no app nope in eco.toml (but web, shop:worker, cron)"
    )


def test_an_environment_is_laid_over_the_common_one():
    (web, worker, _), warnings = with_environment(APPS, "prod", "eco.toml")

    assert web == {"name": "web", "script": "a.js", "env": {"MODE": "fast", "PORT": "1"}}
    assert worker == APPS[1]
    assert warnings == []
    assert APPS[0]["env"]["MODE"] == "plain"


@pytest.mark.parametrize(
    ("app", "env"),
    [
        ({"envProd": {"A": 1}}, {"A": 1}),
        ({"env": "A=0", "env_prod": {"A": 1}}, ["A=0", {"A": 1}]),
        ({"env": {"A": 0}, "env_prod": "A=1"}, [{"A": 0}, "A=1"]),
        ({"env": "A=0 B='1 2'", "env_prod": "A=3 C=4"}, ["A=0", "B=1 2", "A=3", "C=4"]),
        ({"env": ["A=0"], "env_prod": "A='"}, [["A=0"], "A='"]),
        ({"env": None, "env_prod": {"A": 1}}, {"A": 1}),
    ],
)
def test_an_environment_may_be_written_in_every_form(app, env):
    [found], warnings = with_environment([app], "prod", "eco.toml")

    assert found == {"env": env}
    assert warnings == []


def test_an_environment_that_no_app_has_is_said():
    apps, warnings = with_environment(APPS, "staging", "eco.toml")

    assert apps == APPS
    assert warnings == ["no app in eco.toml has env_staging (there: env_prod)"]


def test_a_file_of_variables_is_no_environment():
    app = {"script": "x", "env_file": ".env"}

    assert with_environment([app], "file", "eco.toml") == (
        [app],
        ["no app in eco.toml has env_file (there: none)"],
    )
