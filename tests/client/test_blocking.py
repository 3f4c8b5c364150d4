"""What both clients do; `client` is each of them in turn."""

import logging
import math
import os

import psutil
import pytest

import pmdaemon
from pmdaemon.client.blocking import Client, environment_here, home_of
from pmdaemon.config.paths import Home
from pmdaemon.core.errors import (
    DaemonNotRunning,
    DaemonUnavailable,
    InvalidInput,
    OperationFailed,
    ProcessNotFound,
)
from tests.support.views import a_view
from tests.support.waiting import eventually_sync


def does(daemon, verb, *views, **more):
    daemon.answers(verb, {"result": {"processes": list(views), **more}})


@pytest.mark.parametrize("verb", ["stop", "restart", "delete", "reset", "flush"])
def test_a_verb_is_asked_for_and_the_processes_come_back(client, daemon, verb):
    does(daemon, verb, a_view("web"))

    assert getattr(client, verb)("web", 3) == [a_view("web")]
    assert daemon.requests == [(verb, {"selectors": ["web", "3"]})]


def test_what_is_started_anew_may_be_declared_otherwise(client, daemon, tmp_path):
    does(daemon, "restart", a_view("web"))
    does(daemon, "reload", a_view("web"))

    client.restart("web", options={"max_restarts": 3})
    client.reload("web", options={"port": "4000"}, update_env=True, parallel=2)

    [restart], [reload] = daemon.asked("restart"), daemon.asked("reload")
    assert restart == {"selectors": ["web"], "options": {"max_restarts": 3}}
    assert "environment" in reload
    del reload["environment"]
    assert reload == {"selectors": ["web"], "options": {"port": "4000"}, "parallel": 2}


@pytest.mark.parametrize("count", [4, "4"])
def test_an_app_is_scaled(client, daemon, count):
    does(daemon, "scale", a_view("web"))

    assert client.scale("web", count) == [a_view("web")]
    assert daemon.asked("scale") == [{"name": "web", "count": "4"}]


def test_a_signal_is_sent_to_what_is_selected(client, daemon):
    does(daemon, "signal", a_view("web"))

    client.send_signal("SIGUSR2", "web", 3)

    assert daemon.asked("signal") == [{"selectors": ["web", "3"], "signal": "SIGUSR2"}]


@pytest.mark.parametrize("verb", ["stop", "restart", "delete", "reset", "flush", "follow"])
def test_a_verb_without_a_process_is_refused_and_not_taken_for_all(client, daemon, verb):
    with pytest.raises(InvalidInput, match="say which processes"):
        getattr(client, verb)()
    assert daemon.requests == []


def test_processes_are_listed_as_selected(client, daemon):
    does(daemon, "list", a_view())

    assert client.list() == [a_view()]
    client.list("a", "b", detail=True)

    assert daemon.asked("list") == [{}, {"selectors": ["a", "b"], "detail": True}]


def test_a_program_is_started_with_what_it_is_to_inherit(client, daemon, tmp_path, monkeypatch):
    does(daemon, "start", a_view("web"))
    monkeypatch.chdir(tmp_path)

    assert client.start("web.js", name="web", cwd="sub", env={"A": "b"}) == [a_view("web")]

    assert daemon.asked("start") == [
        {
            "target": "web.js",
            "cwd": str(tmp_path),
            "options": {"name": "web", "cwd": "sub", "env": {"A": "b"}},
            "existing": "refuse",
            "environment": {"PATH": "/bin"},
        }
    ]


def test_apps_are_started_together(client, daemon):
    does(daemon, "start", a_view("web"))
    apps = [{"name": "web", "script": "web.js"}]

    client.start_apps(apps, relative_to="/srv", source="us", existing="keep", down=True)

    [body] = daemon.asked("start")
    assert body.pop("environment") == {"PATH": "/bin"}
    assert body == {
        "apps": apps,
        "source": "us",
        "cwd": "/srv",
        "existing": "keep",
        "down": True,
        "interpolate": False,
    }


def test_apps_are_applied(client, daemon):
    step = {"name": "web", "action": "keep", "changes": []}
    does(daemon, "apply", steps=[step])
    apps = [{"name": "web", "script": "web.js"}]

    result = client.apply(apps, relative_to="/srv", source="us", file="/srv/us", prune=True)

    assert result["steps"] == [step]
    [body] = daemon.asked("apply")
    assert body.pop("environment") == {"PATH": "/bin"}
    assert body == {
        "apps": apps,
        "source": "us",
        "cwd": "/srv",
        "file": "/srv/us",
        "whole": True,
        "prune": True,
        "dry_run": False,
        "interpolate": False,
    }


def test_the_environment_of_a_process_is_asked_for(client, daemon):
    does(daemon, "list", a_view(detail=True))

    assert client.env(0) == {
        "PATH": "/usr/bin",
        "HOME": "/root",
        "MODE": "test",
        "PMDAEMON_NAME": "app",
    }


def test_the_machine_is_asked_for(client, daemon):
    daemon.answers("host", {"result": {"cores": 2}})

    assert client.host() == {"cores": 2}


def test_what_is_followed_comes_item_by_item(client, daemon):
    items = [{"pm_id": 0, "stream": "out"}, {"pm_id": 0, "state": "online", "name": "web"}]
    daemon.answers("follow", *({"item": item} for item in items), {"result": {}})

    assert list(client.follow("web")) == items
    assert daemon.asked("follow") == [{"selectors": ["web"]}]


def test_the_web_side_is_turned_on_for_good_and_off(client, daemon):
    on = {"url": "http://127.0.0.1:9615", "protected": True}
    daemon.answers("web", {"result": on})
    daemon.answers("web_off", {"result": {"url": on["url"]}})

    assert client.web(api_key="k") == on
    assert client.web_off() == on["url"]
    assert daemon.asked("web") == [
        {"host": "127.0.0.1", "port": 9615, "detach": True, "api_key": "k"}
    ]


def test_the_web_side_is_held_for_as_long_as_the_connection(client, daemon):
    daemon.answers("web", {"item": {"url": "u", "protected": False}}, {"result": {}})

    assert list(client.hold_web(port=0)) == [{"url": "u", "protected": False}]
    assert daemon.asked("web") == [{"host": "127.0.0.1", "port": 0, "detach": False}]


def test_a_refusal_is_raised_as_what_it_is(client, daemon):
    details = {"requested": "wbe", "available": ["web"]}
    body = {"code": "process_not_found", "message": "no process", "details": details}
    daemon.answers("stop", {"error": body})

    with pytest.raises(ProcessNotFound) as caught:
        client.stop("wbe")

    assert caught.value.requested == "wbe"


def test_progress_and_warnings_are_passed_on(a_client, home, daemon):
    heard = []
    client = a_client(home, environment={}, on_progress=heard.append, on_warning=heard.append)
    daemon.answers(
        "stop", {"progress": "stopping web"}, {"result": {"processes": [], "warnings": ["mind"]}}
    )

    client.stop("web")

    assert heard == ["stopping web", "mind"]


def test_warnings_that_nobody_takes_are_logged(client, daemon, caplog):
    does(daemon, "list", warnings=["what happened since is not saved yet"])

    client.list()

    assert caplog.record_tuples == [
        ("pmdaemon", logging.WARNING, "what happened since is not saved yet")
    ]


def test_a_daemon_that_does_not_answer_is_given_up(a_client, home, daemon):
    daemon.held = {"ping"}
    daemon.answers("ping")

    with pytest.raises(DaemonUnavailable, match=r"within 0\.05 s"):
        a_client(home, environment={}, patience=0.05).ping()


def test_without_leave_no_daemon_is_started(a_client, home):
    with pytest.raises(DaemonNotRunning):
        a_client(home, environment={}, start=False).ping()


def test_the_list_is_saved_and_brought_back(client, daemon):
    does(daemon, "list", a_view("web", detail=True))
    does(daemon, "start", a_view("web"))

    saved = client.save()

    assert saved == {"path": client.home.dump, "processes": 1, "written": True}
    assert client.resurrect() == [a_view("web")]


def test_what_cannot_come_back_is_an_error_that_says_which(client, daemon):
    does(daemon, "list", a_view("web", detail=True))
    client.save()
    body = {"code": "script_not_found", "message": "cannot run web.js", "details": {}}
    daemon.answers("start", {"error": body})

    with pytest.raises(OperationFailed, match=r"cannot run web\.js") as caught:
        client.resurrect()

    assert caught.value.details == {"failures": ["cannot run web.js"]}


@pytest.mark.parametrize("keeper", [{}, {"keeper": 2**22 + 1}])
def test_a_daemon_is_ended_and_its_end_waited_for(client, daemon, keeper):
    does(daemon, "kill", a_view(), pid=2**22 + 1, **keeper)  # beyond what a pid can be

    assert client.kill()["processes"] == [a_view()]


def test_a_daemon_is_replaced(client, daemon):
    daemon.answers("update", {"result": {"pid": 2**22 + 1, "version": "0.1"}})
    now = {"pid": 7, "version": "0.2", "home": "h"}
    daemon.answers("ping", {"result": now})

    assert client.update() == ({"pid": 2**22 + 1, "version": "0.1"}, now)


def test_a_closed_stream_hangs_up(home, daemon):
    daemon.answers("follow", {"item": {"pm_id": 0, "stream": "out"}})
    daemon.held = {"follow"}
    items = Client(home, environment={}).follow("all")
    next(items)

    items.close()

    eventually_sync(lambda: daemon.hang_ups == 1)


def test_the_home_is_the_one_that_is_said_or_that_of_the_environment(tmp_path):
    environment = {"PMDAEMON_HOME": str(tmp_path / "b"), "HOME": str(tmp_path)}

    assert home_of(str(tmp_path / "a"), environment).path == str(tmp_path / "a")
    assert home_of(None, environment).path == str(tmp_path / "b")
    assert home_of(Home("/c"), environment).path == "/c"


def test_without_an_environment_it_is_that_of_this_process(tmp_path, monkeypatch):
    monkeypatch.setenv("PMDAEMON_HOME", str(tmp_path))

    assert environment_here() is os.environ
    assert pmdaemon.Client().home.path == str(tmp_path)


def test_what_was_printed_is_read_and_what_comes_followed(client, daemon, tmp_path):
    (tmp_path / "out").write_text("one\ntwo\nthree\n")
    files = {"out_file": str(tmp_path / "out"), "error_file": str(tmp_path / "err")}
    does(daemon, "list", a_view("web", **files))

    assert [line.text for line in client.logs("web", lines=2)] == ["two", "three"]
    assert [line.text for line in client.logs(grep="t", streams=["out"])] == ["two", "three"]
    assert daemon.asked("list") == [{"selectors": ["web"]}, {}]


def test_no_file_stays_open_behind_what_was_read(client, daemon, tmp_path):
    (tmp_path / "out").write_text("one\n")
    files = {"out_file": str(tmp_path / "out"), "error_file": str(tmp_path / "err")}
    does(daemon, "list", a_view("web", **files))

    assert len(list(client.logs(lines=10**30))) == 1

    assert files["out_file"] not in {one.path for one in psutil.Process().open_files()}


@pytest.mark.parametrize(
    "how",
    [
        {"grep": "("},
        {"streams": ["stdout"]},
        {"lines": -1},
        {"since": math.nan},
        {"until": math.inf},
        {"since": 1e300},
    ],
)
def test_a_query_that_cannot_be_is_refused(client, daemon, how):
    does(daemon, "list")

    with pytest.raises(InvalidInput):
        list(client.logs(**how))


def test_tokens_are_made_listed_rotated_and_revoked(client, daemon):
    made = {"name": "ci", "kind": "key", "scopes": ["read"], "created": 1.0, "expires": None}
    daemon.answers("token", {"result": {**made, "token": "sesame"}})
    daemon.answers("tokens", {"result": {"tokens": [made]}})
    daemon.answers("rotate", {"result": {**made, "token": "mellon"}})
    daemon.answers("revoke", {"result": {"name": "ci"}})

    assert client.make_token("ci", scopes=["read"])["token"] == "sesame"
    assert client.make_token(consumer="bot", expire_in=60.0)["token"] == "sesame"
    assert client.tokens() == [made]
    assert client.rotate_token("ci", overlap=3600.0)["token"] == "mellon"
    assert client.revoke_token("ci") is None

    assert daemon.requests == [
        ("token", {"name": "ci", "scopes": ["read"]}),
        ("token", {"consumer": "bot", "expire_in": 60.0, "scopes": []}),
        ("tokens", {}),
        ("rotate", {"name": "ci", "overlap": 3600.0}),
        ("revoke", {"name": "ci"}),
    ]
