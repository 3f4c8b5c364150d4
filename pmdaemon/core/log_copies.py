"""Copies of output: files of the user's own, with whole lines, maybe worded.

What a program prints goes into the home first, whatever is asked for; copies are made of that.
"""

from typing import NamedTuple

from pmdaemon.core.logs import NOWHERE, OutputStream, file_name, of_instance
from pmdaemon.core.spec import LogPolicy


class LogCopy(NamedTuple):
    """A file that gets a copy of one stream, and how lines are worded in it."""

    stream: OutputStream
    path: str
    date_format: str | None
    json: bool

    @property
    def is_worded(self) -> bool:
        """Whether lines are not copied as they are."""
        return self.json or self.date_format is not None


def copies_of(name: str, instance: int, policy: LogPolicy, folder: str) -> list[LogCopy]:
    """Say which copies are wanted of the output of a process.

    Where lines are to be worded and no file is named, the copies stand in `folder`, beside the
    output itself. Each instance has files of its own, unless they are to share them.
    """
    if policy.disabled:
        return []
    own = {OutputStream.OUT: policy.out_file, OutputStream.ERR: policy.error_file}
    copies = []
    for stream in OutputStream:
        path = own[stream]
        if path is None and (policy.json or policy.date_format is not None):
            shown = 0 if policy.merge else instance
            path = f"{folder}/{file_name(name, shown, stream)}.log"
        elif path is not None:
            path = of_instance(path, 0 if policy.merge else instance)
        combined = policy.combined_file
        if combined is not None:
            combined = of_instance(combined, 0 if policy.merge else instance)
        copies += [
            LogCopy(stream, target, policy.date_format, policy.json)
            for target in dict.fromkeys((path, combined))
            if target is not None and target != NOWHERE
        ]
    return copies


def is_dropped(stream: OutputStream, policy: LogPolicy) -> bool:
    """Tell whether nobody wants this stream, so that it need not even be read."""
    if policy.disabled:
        return True
    own = policy.out_file if stream is OutputStream.OUT else policy.error_file
    return own == NOWHERE and policy.combined_file in {None, NOWHERE}
