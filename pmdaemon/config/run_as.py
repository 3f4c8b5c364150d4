"""Whose rights a program has: users and groups, by name or number."""

import grp
import os
import pwd

from pmdaemon.config.field_values import filled_text, refused, whole
from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.spec import RunAs
from pmdaemon.core.wording import shown

_LARGEST_ID = 2**32 - 2


def user(value: object) -> pwd.struct_passwd | int:
    """Read a user; a number need not have a name."""
    number = whole(value)
    try:
        if number is None:
            return pwd.getpwnam(filled_text(value))
        if not 0 <= number <= _LARGEST_ID:
            raise refused(value, "a user")
        return pwd.getpwuid(number)
    except KeyError as error:
        if number is not None:
            return number
        raise InvalidInput(f"there is no user {shown(value)}") from error


def group(value: object) -> int:
    """Read a group."""
    number = whole(value)
    try:
        if number is None:
            return grp.getgrnam(filled_text(value)).gr_gid
    except KeyError as error:
        raise InvalidInput(f"there is no group {shown(value)}") from error
    if not 0 <= number <= _LARGEST_ID:
        raise refused(value, "a group")
    return number


def run_as(found: pwd.struct_passwd | int | None, gid: int | None) -> RunAs:
    """Put a user and a group together; a user brings the groups it is in.

    Raises:
        InvalidInput: only root may do this, and we are somebody else.

    """
    uid = found.pw_uid if isinstance(found, pwd.struct_passwd) else found
    if os.geteuid() != 0 and (uid not in (None, os.geteuid()) or gid not in (None, os.getegid())):
        raise InvalidInput("only root can run a program as somebody else")
    if not isinstance(found, pwd.struct_passwd):
        return RunAs(uid, gid)
    first = found.pw_gid if gid is None else gid
    groups = tuple(os.getgrouplist(found.pw_name, first))
    return RunAs(uid, first, groups, found.pw_name, found.pw_dir)
