"""Everything that can be refused or can fail, each with a stable code.

A message is one sentence that says what could not be done and to what: lower case, no full stop.
The code is the part that programs rely on; it never changes once released. `details` carries the
same identifiers as the sentence, for machines.
"""

from __future__ import annotations

TYPE_CHECKING = False  # what is needed for types only would stay in the keeper's memory
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


class PmdaemonError(Exception):
    """Something asked of us that could not be done."""

    code = "internal_error"

    def __init__(self, message: str, *, code: str | None = None, **details: object) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code
        self.details = details


class InvalidInput(PmdaemonError):
    """A value from outside that cannot be used as it is."""

    code = "invalid_input"


class InvalidConfiguration(InvalidInput):
    """One or more faults in what was declared, reported all at once.

    `problems` holds one sentence a fault, each with the path of the field it is about.
    """

    code = "invalid_configuration"

    def __init__(self, source: str, problems: Sequence[str]) -> None:
        first, *others = problems
        more = f" (and {len(others)} more)" if others else ""
        super().__init__(f"cannot use {source}: {first}{more}", problems=list(problems))

    @property
    def problems(self) -> tuple[str, ...]:
        """One sentence a fault."""
        return _texts(self.details.get("problems"))


class ProcessNotFound(PmdaemonError):
    """A selector that names nothing, or a pattern that matches nothing."""

    code = "process_not_found"

    def __init__(
        self,
        requested: str,
        available: Iterable[str],
        suggestion: str | None = None,
        *,
        is_pattern: bool = False,
    ) -> None:
        hint = f"; did you mean {suggestion}?" if suggestion else ""
        what = (
            "no process has a name like" if is_pattern else "no process, id or namespace is called"
        )
        super().__init__(
            f"{what} {requested}{hint}",
            requested=requested,
            available=sorted(set(available)),
        )
        self.suggestion = suggestion

    @property
    def requested(self) -> str:
        """What was asked for."""
        return str(self.details.get("requested", ""))


class AppAlreadyExists(PmdaemonError):
    """A new app under a name that is taken."""

    code = "app_already_exists"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"cannot start {name}: there is an app of this name already"
            f" (to start it anew: pmdaemon restart {name})",
            name=name,
        )


class TokenExists(PmdaemonError):
    """A new token under a name that is taken."""

    code = "token_already_exists"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"there is a token called {name} already"
            f" (to make a new one in its place: pmdaemon token --rotate {name})",
            name=name,
        )


class TokenNotFound(PmdaemonError):
    """A name that no token has."""

    code = "token_not_found"

    def __init__(self, name: str, available: Iterable[str]) -> None:
        super().__init__(f"no token is called {name}", name=name, available=list(available))


class ProcessBlocked(PmdaemonError):
    """A start of what somebody has blocked."""

    code = "process_blocked"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"cannot start {name}: it is blocked (to allow it again: pmdaemon unblock {name})",
            name=name,
        )


class ProcessAlreadyRunning(PmdaemonError):
    """A start of what is up, where that is not what was meant."""

    code = "process_already_running"

    def __init__(self, name: str) -> None:
        super().__init__(f"cannot start {name}: it is running already", name=name)


class ProcessNotRunning(PmdaemonError):
    """A stop of what is down, where that is not what was meant."""

    code = "process_not_running"

    def __init__(self, name: str) -> None:
        super().__init__(f"cannot stop {name}: it is not running", name=name)


class TcpPortTaken(PmdaemonError):
    """A TCP port that somebody else has."""

    code = "tcp_port_taken"


class OperationFailed(PmdaemonError):
    """An action that was accepted and did not come to its end."""

    code = "operation_failed"


class ReloadFailed(OperationFailed):
    """A new run that was not good enough to replace the one that serves."""

    code = "reload_failed"

    def __init__(
        self,
        called: str,
        reason: str,
        last_words: Sequence[str] = (),
        *,
        name: str | None = None,
        instance: int = 0,
    ) -> None:
        super().__init__(
            f"cannot reload {called}, which goes on as before: {reason}",
            name=name or called,
            instance=instance,
            reason=reason,
            last_words=list(last_words),
        )


class ReloadInProgress(PmdaemonError):
    """A reload of what is just being reloaded."""

    code = "reload_in_progress"

    @classmethod
    def already(cls, name: str) -> ReloadInProgress:
        """Refuse a second reload, or whatever else would come between."""
        return cls(f"{name} is being reloaded; try again when that is done", name=name)


class NotReady(PmdaemonError):
    """A program that was to be waited for runs, and has not said in time that it is ready."""

    code = "not_ready"


class StoreUnavailable(PmdaemonError):
    """The store cannot be read or written."""

    code = "store_unavailable"


class HomeUnusable(PmdaemonError):
    """The home cannot be used: not writable, not ours, or too long a path."""

    code = "home_unusable"


class DaemonUnavailable(PmdaemonError):
    """The daemon cannot be started or reached."""

    code = "daemon_unavailable"


class DaemonNotRunning(DaemonUnavailable):
    """There is no daemon, and none was to be started."""

    def __init__(self, home: str) -> None:
        super().__init__(f"no daemon is running in {home}", home=home)


class ShutdownInProgress(DaemonUnavailable):
    """Something asked of programs while all of them are being ended."""

    code = "shutdown_in_progress"

    def __init__(self) -> None:
        super().__init__("cannot do this: the daemon is ending, and all programs with it")


class CertificateRefused(OperationFailed):
    """A certificate that an authority does not sign.

    `retry_after`, where the authority has said it, is in seconds. `for_all` is a failure that other
    names would meet with as well.
    """

    code = "certificate_refused"

    def __init__(
        self, host: str, reason: str, retry_after: float | None = None, *, for_all: bool = False
    ) -> None:
        self.for_all = for_all
        super().__init__(
            f"cannot get a certificate for {host}: {reason}",
            host=host,
            reason=reason,
            retry_after=retry_after,
        )

    @property
    def reason(self) -> str:
        """Why, without saying for whom."""
        return str(self.details.get("reason", self.message))

    @property
    def retry_after(self) -> float:
        """How long the authority wants to be left alone."""
        seconds = self.details.get("retry_after")
        return seconds if isinstance(seconds, float) else 0.0


class ProtocolViolation(PmdaemonError):
    """A control message that is not one: garbage, too large, or of another version."""

    code = "protocol_violation"


class Unsupported(PmdaemonError):
    """Something this system, or this release, does not do."""

    code = "unsupported"


def error_of(code: str, message: str, details: Mapping[str, object]) -> PmdaemonError:
    """Make the error of this code, as it was on the other side of a wire.

    A code that we do not know, as a newer daemon may have one, is a `PmdaemonError` all the same.
    """
    error = PmdaemonError.__new__(_kind(code))
    PmdaemonError.__init__(error, message, code=code)
    error.details = dict(details)
    return error


def _kind(code: str) -> type[PmdaemonError]:
    """Find the kind with this code, the most general of several."""
    kinds = [PmdaemonError]
    for kind in kinds:
        if kind.code == code:
            return kind
        kinds += kind.__subclasses__()
    return PmdaemonError


def _texts(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else ()
