import os

import pytest
from msgspec.structs import replace

from pmdaemon.client import calls
from pmdaemon.core.errors import InvalidInput
from tests.support.views import DECLARED, a_view


def test_the_environment_is_what_was_inherited_and_what_was_declared():
    spec = replace(DECLARED, env={"MODE": "x", "HOME": "/srv"})
    view = a_view(detail=True, spec=spec) | {"added_env": {"PORT": "3000"}}

    assert calls.environment_of([view]) == {
        "PATH": "/usr/bin",
        "HOME": "/srv",
        "MODE": "x",
        "PORT": "3000",
    }


@pytest.mark.parametrize("views", [[], [a_view("a", detail=True), a_view("b", detail=True)]])
def test_only_the_processes_of_one_app_have_one_environment(views):
    with pytest.raises(InvalidInput, match=f"this names {len(views)}: give an id"):
        calls.environment_of(views)


def test_nothing_selected_is_not_everything():
    with pytest.raises(InvalidInput, match="say which processes"):
        calls.act("delete", [])


def test_an_id_may_be_a_number():
    assert calls.act("stop", [3, "web"]).body == {"selectors": ["3", "web"]}


def test_a_removed_current_directory_is_said(tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()

    with pytest.raises(InvalidInput, match="cannot use the current directory"):
        calls.current_directory()
    os.chdir(tmp_path)
