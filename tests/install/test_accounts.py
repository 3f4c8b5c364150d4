import os
import pwd
from pathlib import Path

import pytest

from pmdaemon.core.errors import InvalidInput
from pmdaemon.install.accounts import Account, account_named, current_account


def test_we_are_who_the_systems_database_says():
    found = pwd.getpwuid(os.geteuid())

    assert current_account(None) == Account(found.pw_name, os.geteuid(), Path(found.pw_dir))


def test_a_user_in_no_database_is_a_number(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 54321)

    assert current_account("/srv/me") == Account("54321", 54321, Path("/srv/me"))
    assert current_account(None).folder == Path("/")


def test_a_user_is_found_by_name():
    assert account_named("root").uid == 0


@pytest.mark.parametrize("name", ["nobody-is-called-so", "", "a\0b"])
def test_a_user_who_is_not_there_is_said(name):
    with pytest.raises(InvalidInput, match="there is no user called"):
        account_named(name)


def test_a_service_is_named_after_its_user_as_far_as_a_unit_can_be():
    assert Account("deploy", 1, Path("/")).service_name == "pmdaemon-deploy"
    assert Account("DOM\\jane doe", 1, Path("/")).service_name == "pmdaemon-DOM-jane-doe"
