"""Users of this system, as its database has them: USER and LOGNAME may be unset, or wrong."""

import os
import pwd
import re
from pathlib import Path

from msgspec import Struct

from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.wording import shown


class Account(Struct, frozen=True):
    """A user: name, number, home folder."""

    name: str
    uid: int
    folder: Path

    @property
    def service_name(self) -> str:
        """What this user's service is called; a unit's name takes fewer characters than a user's.

        systemd.unit(5) lists them.
        """
        return "pmdaemon-" + re.sub(r"[^A-Za-z0-9:_.-]", "-", self.name)


def current_account(home_variable: str | None) -> Account:
    """Find out who we are.

    Args:
        home_variable: `HOME`, for a user who is in no database, as in a container.

    """
    uid = os.geteuid()
    try:
        found = pwd.getpwuid(uid)
    except KeyError:
        return Account(str(uid), uid, Path(home_variable or "/"))
    return Account(found.pw_name, uid, Path(found.pw_dir))


def account_named(name: str) -> Account:
    """Find a user by name.

    Raises:
        InvalidInput: there is none.

    """
    try:
        found = pwd.getpwnam(name)
    except (KeyError, ValueError):
        raise InvalidInput(f"there is no user called {shown(name)}", user=name) from None
    return Account(found.pw_name, found.pw_uid, Path(found.pw_dir))
