"""How a program reaches us over the network, and proves which program it is.

It finds in its environment who it is, where the web side answers, if it is on, and a token. The
token is good for the program's own figures, log lines and messages, and for as long as its run
lasts: a restart makes a new one, and the end of the run is the end of it. No token is stored.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from urllib.parse import urlsplit

from msgspec import Struct

from pmdaemon.core.access import Principal, Scope
from pmdaemon.core.errors import PmdaemonError
from pmdaemon.core.instance_names import instance_name
from pmdaemon.core.process import Process
from pmdaemon.core.routing import bracketed
from pmdaemon.engine.interfaces import Clock, TokenMint

log = logging.getLogger(__name__)

LIFETIME = 24 * 3600.0
"""Seconds that a token is good for at the most; a program that lives longer renews it."""

EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - it is told apart
"""Where a program reaches a server that listens on all addresses."""


class Folders(Struct, frozen=True):
    """Where programs may keep files: for good, and for the time being."""

    data: str
    temporary: str


class ChildAccess:
    """Equips programs, and knows them again.

    Args:
        url: where the web side answers, or will; None while it is off.
        processes: lists all that there are now.

    """

    def __init__(
        self,
        *,
        clock: Clock,
        mint: TokenMint,
        folders: Folders,
        url: Callable[[], str | None],
        processes: Callable[[], Iterable[Process]],
    ) -> None:
        self._clock = clock
        self._mint = mint
        self._folders = folders
        self._url = url
        self._processes = processes

    def environment(self, process: Process) -> Mapping[str, str]:
        """Give what a program is to find."""
        variables = {
            "PUP_PROCESS_ID": instance_name(process),
            "PUP_TEMP_STORAGE": self._folders.temporary,
            "PUP_DATA_STORAGE": self._folders.data,
        }
        if process.spec.instances > 1:
            variables["PUP_CLUSTER_INSTANCE"] = str(process.instance)
            if process.tcp_port is not None:
                variables["PUP_CLUSTER_PORT"] = str(process.tcp_port)
        return {**variables, **self._way_to_us(process)}

    def recognise(self, presented: str) -> Principal | None:
        """Say which program shows this token; None when it is none whose run goes on."""
        if presented.count(".") != 2:
            return None  # a key, and not a token
        claims = self._mint.read(presented, self._clock.now().wall)
        run = claims.get("run") if claims is not None else None
        if not isinstance(run, str):
            return None
        for process in self._processes():
            if process.run_number == run and (process.run is not None or _is_coming(process)):
                return _principal(process)
        return None

    def renew(self, principal: Principal) -> tuple[str, float] | None:
        """Make a new token for a program, and say until when it is good; None for anybody else."""
        for process in self._processes():
            if process.run is not None and _principal(process) == principal:
                return self._token(process)
        return None

    def _way_to_us(self, process: Process) -> Mapping[str, str]:
        url = self._url()
        if url is None:
            return {}
        parts = urlsplit(url)
        host = EVERY_ADDRESS.get(parts.hostname or "", parts.hostname or "")
        try:
            token, _ = self._token(process)
        except PmdaemonError as error:
            # A program runs without it as well.
            log.error("child_access.no_token reason=%s", error)
            return {}
        return {
            "PUP_API_HOSTNAME": host,
            "PUP_API_PORT": str(parts.port),
            "PUP_API_URL": f"{parts.scheme}://{bracketed(host)}:{parts.port}",
            "PUP_API_TOKEN": token,
        }

    def _token(self, process: Process) -> tuple[str, float]:
        now = self._clock.now().wall
        claims = {
            "data": {"consumer": _principal(process).name},
            "iat": int(now),
            "exp": int(now + LIFETIME),
            "run": process.run_number,
        }
        return self._mint.sign(claims), now + LIFETIME


def _principal(process: Process) -> Principal:
    name = instance_name(process)
    return Principal(
        f"telemetry-{name}", frozenset({f"{Scope.TELEMETRY}:{name}", str(Scope.LOG)}), about=name
    )


def _is_coming(process: Process) -> bool:
    """Whether it is being spawned: its program may be faster than the news of it."""
    return process.state.kind == "starting"
