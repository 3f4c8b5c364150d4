from pmdaemon.core.errors import PmdaemonError, ReloadFailed, ShutdownInProgress
from pmdaemon.server.http.refusals import MethodNotAllowed
from pmdaemon.server.http.statuses import status_of


def test_what_derives_from_an_error_has_its_status():
    assert status_of(ReloadFailed("web", "it ended")) == 409


def test_what_nobody_can_bring_about_is_our_failure():
    assert status_of(PmdaemonError("oh")) == 500


def test_while_everything_ends_another_time_may_do():
    assert status_of(ShutdownInProgress()) == 503


def test_a_refusal_knows_its_status():
    assert status_of(MethodNotAllowed(["GET"])) == 405
