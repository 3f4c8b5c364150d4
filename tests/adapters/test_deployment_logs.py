import os

from pmdaemon.adapters.deployment_logs import READ_AT_ONCE, DeploymentLogFiles
from pmdaemon.engine.interfaces.deploying import LogQuery
from tests.contracts.test_deployment_logs import DEPLOYMENT, LINES, a_line


def file_of(folder):
    return folder / "p1" / "logs" / "d1.jsonl"


def test_a_line_that_was_cut_by_a_crash_is_passed_over(tmp_path):
    logs = DeploymentLogFiles(tmp_path)
    logs.append(DEPLOYMENT, LINES[:2])
    with file_of(tmp_path).open("ab") as file:
        file.write(b'{"number": 3, "le')

    assert logs.read(DEPLOYMENT, LogQuery()) == LINES[:2]
    assert list(logs.read_on(DEPLOYMENT, 0)[0]) == LINES[:2]


def test_a_large_log_is_read_on_in_pieces(tmp_path):
    logs = DeploymentLogFiles(tmp_path)
    lines = [a_line(number, message="x" * 8000) for number in range(1, 200)]
    logs.append(DEPLOYMENT, lines)
    found, position = [], 0
    while True:
        some, read_to = logs.read_on(DEPLOYMENT, position)
        if read_to == position:
            break
        assert read_to - position <= READ_AT_ONCE
        found += some
        position = read_to

    assert found == lines


def test_logs_are_for_their_owner_alone(tmp_path):
    DeploymentLogFiles(tmp_path).append(DEPLOYMENT, LINES)

    assert file_of(tmp_path).parent.stat().st_mode & 0o077 == 0


def test_a_disk_that_cannot_be_written_costs_the_lines_and_no_more(tmp_path):
    (tmp_path / "p1").write_text("in the way")
    logs = DeploymentLogFiles(tmp_path)

    logs.append(DEPLOYMENT, LINES)

    assert logs.read(DEPLOYMENT, LogQuery()) == []
    assert os.listdir(tmp_path) == ["p1"]
