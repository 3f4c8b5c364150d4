import inspect

import pytest

from pmdaemon.core import errors
from pmdaemon.core.errors import (
    AppAlreadyExists,
    CertificateRefused,
    DaemonNotRunning,
    InvalidConfiguration,
    PmdaemonError,
    ProcessNotFound,
)

CODES = {
    "AppAlreadyExists": "app_already_exists",
    "CertificateRefused": "certificate_refused",
    "DaemonNotRunning": "daemon_unavailable",
    "DaemonUnavailable": "daemon_unavailable",
    "HomeUnusable": "home_unusable",
    "InvalidConfiguration": "invalid_configuration",
    "InvalidInput": "invalid_input",
    "NotReady": "not_ready",
    "OperationFailed": "operation_failed",
    "PmdaemonError": "internal_error",
    "ProcessAlreadyRunning": "process_already_running",
    "ProcessBlocked": "process_blocked",
    "ProcessNotFound": "process_not_found",
    "ProcessNotRunning": "process_not_running",
    "ProtocolViolation": "protocol_violation",
    "ReloadFailed": "reload_failed",
    "ReloadInProgress": "reload_in_progress",
    "ShutdownInProgress": "shutdown_in_progress",
    "StoreUnavailable": "store_unavailable",
    "TcpPortTaken": "tcp_port_taken",
    "TokenExists": "token_already_exists",
    "TokenNotFound": "token_not_found",
    "Unsupported": "unsupported",
}
"""Programs out there compare with these: a code may be added here, and never changed."""


def test_every_error_has_the_code_it_was_released_with():
    kinds = {
        name: kind.code
        for name, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, PmdaemonError)
    }

    assert kinds == CODES


def test_an_error_is_its_sentence_and_keeps_what_it_is_about():
    error = PmdaemonError("cannot do it", port=3000)

    assert (str(error), error.message, error.details) == (
        "cannot do it",
        "cannot do it",
        {"port": 3000},
    )


def test_one_error_can_have_a_finer_code_than_its_kind():
    assert PmdaemonError("no", code="finer").code == "finer"
    assert PmdaemonError("no").code == "internal_error"


@pytest.mark.parametrize(
    ("problems", "sentence"),
    [
        (["apps[0].port: no"], "cannot use app.json: apps[0].port: no"),
        (["a", "b", "c"], "cannot use app.json: a (and 2 more)"),
    ],
)
def test_a_wrong_configuration_tells_its_first_fault_and_counts_the_others(problems, sentence):
    error = InvalidConfiguration("app.json", problems)

    assert error.message == sentence
    assert error.problems == tuple(problems)
    assert error.details == {"problems": problems}


def test_an_unknown_name_is_told_with_what_there_is_and_what_may_be_meant():
    error = ProcessNotFound("wbe", ["web", "api", "web"], suggestion="web")

    assert error.message == "no process, id or namespace is called wbe; did you mean web?"
    assert error.details == {"requested": "wbe", "available": ["api", "web"]}
    assert (error.requested, error.suggestion) == ("wbe", "web")


def test_nothing_is_suggested_where_nothing_is_near():
    assert ProcessNotFound("x", []).message == "no process, id or namespace is called x"


def test_an_app_that_runs_is_refused_with_the_command_that_is_meant():
    assert "pmdaemon restart web" in AppAlreadyExists("web").message


def test_a_daemon_that_does_not_run_is_told_with_its_home():
    error = DaemonNotRunning("/home/me")

    assert error.message == "no daemon is running in /home/me"
    assert error.details == {"home": "/home/me"}


@pytest.mark.parametrize("name", sorted(CODES.keys() - {"DaemonNotRunning"}))
def test_an_error_comes_over_a_wire_as_the_kind_it_was(name):
    error = errors.error_of(CODES[name], "cannot", {"message": "x", "code": 1})

    assert type(error) is getattr(errors, name)
    assert (error.code, str(error), error.details) == (
        CODES[name],
        "cannot",
        {"message": "x", "code": 1},
    )


def test_a_code_that_a_newer_daemon_has_is_an_error_all_the_same():
    error = errors.error_of("quite_new", "cannot", {})

    assert (type(error), error.code) == (PmdaemonError, "quite_new")


def test_what_an_error_is_about_comes_over_a_wire_too():
    there = ProcessNotFound("wbe", ["web"])
    here = errors.error_of(there.code, there.message, there.details)

    assert isinstance(here, ProcessNotFound)
    assert here.requested == "wbe"
    assert isinstance(
        faults := errors.error_of("invalid_configuration", "cannot", {"problems": ["a"]}),
        InvalidConfiguration,
    )
    assert faults.problems == ("a",)
    assert errors.error_of("invalid_configuration", "cannot", {"problems": "a b"}).problems == ()


@pytest.mark.parametrize(
    ("make", "sentence", "details"),
    [
        (
            lambda: errors.AppAlreadyExists("web"),
            (
                "cannot start web: there is an app of this name already"
                " (to start it anew: pmdaemon restart web)"
            ),
            {"name": "web"},
        ),
        (
            lambda: errors.TokenExists("ci"),
            (
                "there is a token called ci already"
                " (to make a new one in its place: pmdaemon token --rotate ci)"
            ),
            {"name": "ci"},
        ),
        (
            lambda: errors.TokenNotFound("ci", ("a", "b")),
            "no token is called ci",
            {"name": "ci", "available": ["a", "b"]},
        ),
        (
            lambda: errors.ProcessBlocked("web"),
            "cannot start web: it is blocked (to allow it again: pmdaemon unblock web)",
            {"name": "web"},
        ),
        (
            lambda: errors.ProcessAlreadyRunning("web"),
            "cannot start web: it is running already",
            {"name": "web"},
        ),
        (
            lambda: errors.ProcessNotRunning("web"),
            "cannot stop web: it is not running",
            {"name": "web"},
        ),
        (
            lambda: errors.ReloadFailed("web:1", "it ended", ["boom"], name="web", instance=1),
            "cannot reload web:1, which goes on as before: it ended",
            {"name": "web", "instance": 1, "reason": "it ended", "last_words": ["boom"]},
        ),
        (
            lambda: errors.ReloadFailed("web", "it ended"),
            "cannot reload web, which goes on as before: it ended",
            {"name": "web", "instance": 0, "reason": "it ended", "last_words": []},
        ),
        (
            lambda: errors.ReloadInProgress.already("web"),
            "web is being reloaded; try again when that is done",
            {"name": "web"},
        ),
        (
            errors.ShutdownInProgress,
            "cannot do this: the daemon is ending, and all programs with it",
            {},
        ),
    ],
)
def test_an_error_is_a_sentence_for_people_and_details_for_programs(make, sentence, details):
    error = make()

    assert error.message == sentence
    assert error.details == details


def test_a_certificate_that_is_refused_says_for_whom_why_and_until_when():
    error = CertificateRefused("a.test", "too many", retry_after=60.0)

    assert error.message == "cannot get a certificate for a.test: too many"
    assert error.details == {"host": "a.test", "reason": "too many", "retry_after": 60.0}
    assert (error.reason, error.for_all) == ("too many", False)
    assert CertificateRefused("a.test", "it is away", for_all=True).for_all
    assert (error.retry_after, CertificateRefused("a.test", "it is away").retry_after) == (60, 0)
