"""The status of RFC 9110 that each error is answered with, the same in all dialects.

A status over 499 means that we have failed, never that a program or a request did.
"""

from collections.abc import Mapping
from types import MappingProxyType

from pmdaemon.core.errors import (
    AppAlreadyExists,
    InvalidInput,
    NotReady,
    OperationFailed,
    PmdaemonError,
    ProcessAlreadyRunning,
    ProcessBlocked,
    ProcessNotFound,
    ProcessNotRunning,
    ReloadInProgress,
    ShutdownInProgress,
    StoreUnavailable,
    TcpPortTaken,
    TokenExists,
    TokenNotFound,
    Unsupported,
)
from pmdaemon.core.platform_errors import (
    Missing,
    NotForPrograms,
    RegistrationClosed,
    SignatureWrong,
    Taken,
    TooManyAttempts,
    WrongCredentials,
)
from pmdaemon.engine.request_log import RequestNotFound
from pmdaemon.server.http.refusals import Refusal

STATUS: Mapping[type[PmdaemonError], int] = MappingProxyType(
    {
        ProcessNotFound: 404,
        RequestNotFound: 404,
        TokenNotFound: 404,
        Missing: 404,
        SignatureWrong: 401,
        WrongCredentials: 401,
        RegistrationClosed: 403,
        NotForPrograms: 403,
        TooManyAttempts: 429,
        Taken: 409,
        AppAlreadyExists: 409,
        TokenExists: 409,
        TcpPortTaken: 409,
        OperationFailed: 409,
        ProcessAlreadyRunning: 409,
        ProcessBlocked: 409,
        ProcessNotRunning: 409,
        ReloadInProgress: 409,
        NotReady: 409,
        InvalidInput: 400,
        Unsupported: 400,
        ShutdownInProgress: 503,
        StoreUnavailable: 503,
    }
)
"""What is not here, and derives from nothing here, is a failure of ours: 500."""


def status_of(error: PmdaemonError) -> int:
    """Choose the status of the answer."""
    if isinstance(error, Refusal):
        return error.status
    return next((status for kind, status in STATUS.items() if isinstance(error, kind)), 500)
