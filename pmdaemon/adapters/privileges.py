"""Whose rights a program gets, and within which limits: what is done between fork and exec.

`subprocess` starts a program by vfork(2) as long as nothing of ours is to run in the child. To
change the user, the niceness or a limit needs that; so it is done for apps alone that ask for it.
What runs there imports nothing and takes no lock.
"""

import os
import resource
from collections.abc import Callable, Mapping

from pmdaemon.core.spec import Limits, RunAs

ROOT = 0

RESOURCES: Mapping[str, int] = {
    name.removeprefix("RLIMIT_").lower(): number
    for name, number in vars(resource).items()
    if name.startswith("RLIMIT_")
}
"""The limits of setrlimit(2) that this system has, by name: `nofile`, `core`."""


def objection(run_as: RunAs, limits: Limits) -> str | None:
    """Say why no program could be started with these rights and limits; None when it could."""
    unknown = sorted(name for name in limits.resources if name not in RESOURCES)
    if unknown:
        return f"this system has no limit called {unknown[0]}"
    if os.geteuid() == ROOT:
        return None
    if run_as.uid not in {None, os.geteuid()} or run_as.gid not in {None, os.getegid()}:
        whose = run_as.user or f"uid {run_as.uid}" if run_as.uid is not None else "another group"
        return f"only a daemon that runs as root can run it as {whose}"
    if limits.nice is not None and limits.nice < os.getpriority(os.PRIO_PROCESS, 0):
        return f"only a daemon that runs as root can give it the niceness {limits.nice}"
    for name, value in limits.resources.items():
        hard = resource.getrlimit(RESOURCES[name])[1]
        if hard != resource.RLIM_INFINITY and not 0 <= value <= hard:
            return f"only a daemon that runs as root can raise its limit {name} above {hard}"
    return None


def preparation(run_as: RunAs, limits: Limits) -> Callable[[], None] | None:
    """Make what the child does before it becomes the program; None when there is nothing."""
    if run_as.uid is run_as.gid is limits.nice is None and not limits.resources:
        return None
    resources = [(RESOURCES[name], value) for name, value in limits.resources.items()]
    changes_user = os.geteuid() == ROOT
    groups = run_as.groups
    if groups is None:
        groups = (run_as.gid,) if run_as.gid is not None else ()

    def prepare() -> None:
        # Rights last: an ordinary user could not raise anything any more.
        for number, value in resources:
            resource.setrlimit(number, (value, value))
        if limits.nice is not None:
            os.setpriority(os.PRIO_PROCESS, 0, limits.nice)
        if not changes_user:
            return
        if run_as.gid is not None or run_as.uid is not None:
            os.setgroups(groups)  # those of root are not to be inherited
        if run_as.gid is not None:
            os.setregid(run_as.gid, run_as.gid)
        if run_as.uid is not None:
            os.setreuid(run_as.uid, run_as.uid)

    return prepare
