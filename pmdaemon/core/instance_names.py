"""The name that one instance of an app goes by: `web`, or `web-1` to `web-4` where there are four.

An app that has such a name itself comes first.
"""

from collections.abc import Iterable, Sequence

from pmdaemon.core.errors import ProcessNotFound
from pmdaemon.core.process import Process
from pmdaemon.core.wording import shown


def instance_name(process: Process) -> str:
    """Name a process so that no other has the name; instances are counted from 1."""
    if process.spec.instances == 1:
        return process.name
    return f"{process.name}-{process.instance + 1}"


def called(name: str, processes: Iterable[Process]) -> Sequence[Process]:
    """Find the process of this name, or all instances of the app of this name.

    Raises:
        ProcessNotFound: there is none.

    """
    there = list(processes)
    found = [one for one in there if one.name == name]
    found = found or [one for one in there if instance_name(one) == name]
    if not found:
        names = {one.name for one in there} | {instance_name(one) for one in there}
        raise ProcessNotFound(shown(name), names)
    return found
