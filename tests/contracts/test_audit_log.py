"""What every `AuditLog` does, the real one and the fake."""

import json

import pytest

from pmdaemon.adapters.audit_log import FileAuditLog
from tests.fakes.audit_log import FakeAuditLog


@pytest.fixture(params=["real", "fake"])
def scene(request, tmp_path):
    """A log, and a way to read it."""
    if request.param == "fake":
        log = FakeAuditLog()
        return log, lambda: log.entries
    path = tmp_path / "audit.log"
    return FileAuditLog(path), lambda: [json.loads(one) for one in path.read_text().splitlines()]


def test_what_was_written_is_there_in_order(scene):
    log, entries = scene

    log.write({"who": "ci", "status": 200})
    log.write({"who": "späte \udcff", "status": None})

    assert entries() == [{"who": "ci", "status": 200}, {"who": "späte \udcff", "status": None}]
