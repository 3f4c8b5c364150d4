import sys

import pytest

from pmdaemon.config.static_sites import app_of, served
from pmdaemon.core.errors import InvalidInput


def test_a_folder_is_an_app_with_pm2s_variables():
    section = {"path": "/srv", "port": 9000, "spa": True, "name": "docs",
               "basic_auth": {"username": "u", "password": "p"}}  # fmt: skip

    assert app_of(section) == {
        "name": "docs",
        "script": "serve",
        "env": {
            "PM2_SERVE_PATH": "/srv", "PM2_SERVE_PORT": "9000", "PM2_SERVE_SPA": "true",
            "PM2_SERVE_BASIC_AUTH_USERNAME": "u", "PM2_SERVE_BASIC_AUTH_PASSWORD": "p",
        },
    }  # fmt: skip


def test_what_is_not_said_is_as_with_pm2():
    app = app_of({})

    assert app["name"] == "static-page-server-8080"
    assert app["env"] == {"PM2_SERVE_PATH": ".", "PM2_SERVE_PORT": "8080"}


@pytest.mark.parametrize("section", [{"nonsense": 1}, {"basic_auth": "u:p"}])
def test_what_cannot_be_used_is_refused(section):
    with pytest.raises(InvalidInput):
        app_of(section)


@pytest.mark.parametrize("key", ["script", "exec", "cmd", "command"])
def test_the_script_serve_is_our_own_server(key):
    app = served({key: "serve", "env": {"A": "1"}})

    assert (app["script"], app["args"]) == (sys.executable, ["-m", "pmdaemon.server.static_site"])
    assert app["name"] == "serve"
    assert app["env"]["A"] == "1"


def test_an_environment_that_is_none_is_kept_to_be_refused_with_what_it_is():
    assert served({"script": "serve", "env": "A=1"})["env"] == "A=1"


def test_every_other_script_stays_as_it_is():
    app = {"script": "./serve", "name": "x"}

    assert served(app) is app
