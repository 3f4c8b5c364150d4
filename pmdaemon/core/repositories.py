"""What may stand for a repository, a branch of it, and a commit.

All of these end up as words of a command line of git, so what begins with a dash, or means more to
git than a name, is none.
"""

import ipaddress
import re
from urllib import parse

from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.wording import shown

PUSHED = "push"
"""What stands for the address of a repository that is pushed here."""

LONGEST_URL = 2000
LONGEST_BRANCH = 200

_SCP = re.compile(
    r"(?P<user>[A-Za-z0-9_][\w.-]*)@(?P<host>[A-Za-z0-9][\w.-]*):(?P<path>[^:\s-]\S*)"
)
_SHA = re.compile(r"[0-9a-fA-F]{4,64}")
_UNFIT_IN_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|\.lock(/|$)|(^|/)\.|[./]$")


def read_repo_url(text: str, *, trusted: bool = False) -> str:
    """Check the address of a repository: https, http, ssh, `git@host:path`, or `push`.

    Folders of this machine, as `file://` or a path, are for those who are `trusted` with it.

    Raises:
        InvalidInput: it is none; passwords within it are not repeated.

    """
    url = text.strip()
    if url == PUSHED:
        return url
    if not url or len(url) > LONGEST_URL or not url.isprintable() or " " in url:
        raise _unfit(url, "it is empty, too long, or has characters that no address has")
    if url.startswith("-"):
        raise _unfit(url, "it begins with a dash")
    if "::" in url.partition("/")[0]:
        raise _unfit(url, "it names a helper of git")
    if url.startswith(("/", "file:")):
        return _local(url, trusted=trusted)
    if "://" in url:
        return _remote(url)
    if (scp := _SCP.fullmatch(url)) is not None:
        _refuse_host(url, scp["host"])
        return url
    raise _unfit(url, "it is none of https://host/path, ssh://user@host/path, git@host:path")


def read_branch(text: str) -> str:
    """Check the name of a branch (git-check-ref-format(1)).

    Raises:
        InvalidInput: no branch has this name.

    """
    branch = text.strip()
    if (
        not branch
        or len(branch) > LONGEST_BRANCH
        or branch.startswith(("-", "/"))
        or branch in {"@", "HEAD"}
        or not branch.isprintable()
        or _UNFIT_IN_REF.search(branch)
    ):
        raise InvalidInput(f"not the name of a branch: {shown(text)}", code="invalid_branch")
    return branch


def read_sha(text: str) -> str:
    """Check the name of a commit, whole or shortened; return it in lower case.

    Raises:
        InvalidInput: it is none.

    """
    if not _SHA.fullmatch(text):
        raise InvalidInput(f"not the name of a commit: {shown(text)}", code="invalid_commit")
    return text.lower()


def _remote(url: str) -> str:
    try:
        parts = parse.urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise _unfit("", "it is no URL") from None
    if parts.scheme not in {"https", "http", "ssh"}:
        raise _unfit(url, f"{shown(parts.scheme)} is not spoken: take https or ssh")
    if parts.password is not None or (parts.username and parts.scheme != "ssh"):
        raise _unfit("", "it holds a user name or password, and would be shown to others")
    if parts.username is not None and parts.username.startswith("-"):
        raise _unfit(url, "its user begins with a dash")
    if not host or len(parts.path) < 2:
        raise _unfit(url, "it names no host, or nothing on it")
    _refuse_host(url, host)
    return url


def _local(url: str, *, trusted: bool) -> str:
    if not trusted:
        raise _unfit(url, "folders of this machine are for administrators")
    if not url.removeprefix("file://").startswith("/"):
        raise _unfit(url, "its path is not absolute")
    return url


def _refuse_host(url: str, host: str) -> None:
    if host.startswith("-"):
        raise _unfit(url, "its host begins with a dash")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    address = mapped or address
    # What machines of a cloud are told about themselves is at such addresses (RFC 3927).
    if address.is_link_local or address.is_unspecified or address.is_multicast:
        raise _unfit(url, "no repository is at this address")


def _unfit(url: str, reason: str) -> InvalidInput:
    what = f" {shown(url)}" if url else ""
    return InvalidInput(
        f"cannot use{what or ' this'} as the address of a repository: {reason}",
        code="invalid_repo_url",
    )
