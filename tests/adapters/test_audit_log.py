import json
import os
import stat

from pmdaemon.adapters.audit_log import FileAuditLog


def entries(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_entries_are_lines_of_json_in_the_order_they_came(tmp_path):
    path = tmp_path / "audit.log"
    for number in range(3):
        FileAuditLog(path).write({"who": "ci", "path": f"/{number}\n"})

    assert [one["path"] for one in entries(path)] == ["/0\n", "/1\n", "/2\n"]


def test_nobody_else_may_read_it(tmp_path):
    path = tmp_path / "audit.log"
    FileAuditLog(path).write({"who": "ci"})

    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


def test_it_is_bounded_and_the_newest_are_kept(tmp_path):
    log = FileAuditLog(tmp_path / "audit.log", largest=300, kept=2)
    for number in range(1000):
        log.write({"number": number})

    files = sorted(tmp_path.iterdir())
    assert {file.name for file in files} <= {"audit.log", "audit.log.1", "audit.log.2"}
    assert sum(file.stat().st_size for file in files) < 3 * 330
    kept = sorted(one["number"] for file in files for one in entries(file))
    assert kept == list(range(kept[0], 1000))
    assert len(kept) > 20


def test_a_record_that_cannot_be_kept_is_said_and_lost(tmp_path, caplog):
    FileAuditLog(tmp_path / "gone" / "audit.log").write({"who": "ci"})

    assert "audit.failed" in caplog.text


def test_it_writes_through_no_link_that_somebody_has_laid(tmp_path):
    (tmp_path / "audit.log").symlink_to(tmp_path / "elsewhere")

    FileAuditLog(tmp_path / "audit.log").write({"who": "ci"})

    assert not (tmp_path / "elsewhere").exists()
