import pytest

from pmdaemon.core.errors import PmdaemonError, ProcessNotFound, ReloadFailed, StoreUnavailable
from pmdaemon.server.http.refusals import BodyTooLarge
from pmdaemon.server.http.statuses import status_of


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ProcessNotFound("x", []), 404),
        (ReloadFailed("web", 0, "it crashed"), 409),
        (StoreUnavailable("disk full"), 503),
        (BodyTooLarge(5), 413),
        (PmdaemonError("oh"), 500),
    ],
)
def test_each_error_has_its_status_also_by_what_it_derives_from(error, status):
    assert status_of(error) == status
