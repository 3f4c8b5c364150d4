"""What every DeploymentLogs does; run on those in memory and on those in files."""

from pathlib import Path

import pytest

from pmdaemon.adapters.deployment_logs import DeploymentLogFiles
from pmdaemon.core.deployments import DeploymentLine, LogLevel, LogStream
from pmdaemon.engine.interfaces.deploying import DeploymentLogs, LogQuery
from tests.core.test_deployments import a_deployment
from tests.fakes.deploying import MemoryDeploymentLogs

DEPLOYMENT = a_deployment()


@pytest.fixture(params=["memory", "files"])
def logs(request: pytest.FixtureRequest, tmp_path: Path) -> DeploymentLogs:
    return MemoryDeploymentLogs() if request.param == "memory" else DeploymentLogFiles(tmp_path)


def a_line(number: int, **changes: object) -> DeploymentLine:
    given = {
        "number": number,
        "level": LogLevel.INFO,
        "stream": LogStream.STDOUT,
        "message": f"line {number} ☂\n\x00",
        "at": 5.0,
    }
    return DeploymentLine(**{**given, **changes})


LINES = [
    a_line(1, stream=LogStream.SYSTEM),
    a_line(2),
    a_line(3, level=LogLevel.ERROR, stream=LogStream.SYSTEM),
    a_line(4),
]


def test_lines_are_read_as_they_were_written(logs: DeploymentLogs):
    logs.append(DEPLOYMENT, LINES[:2])
    logs.append(DEPLOYMENT, LINES[2:])

    assert logs.read(DEPLOYMENT, LogQuery()) == LINES
    assert logs.latest(DEPLOYMENT)[0] == 4
    assert logs.latest(DEPLOYMENT)[1] > 0


def test_lines_can_be_chosen(logs: DeploymentLogs):
    logs.append(DEPLOYMENT, LINES)

    assert logs.read(DEPLOYMENT, LogQuery(since=2)) == LINES[2:]
    assert logs.read(DEPLOYMENT, LogQuery(limit=1)) == LINES[:1]
    assert logs.read(DEPLOYMENT, LogQuery(limit=0)) == []
    assert logs.read(DEPLOYMENT, LogQuery(levels=frozenset({"error"}))) == [LINES[2]]
    assert logs.read(DEPLOYMENT, LogQuery(streams=frozenset({"stdout"}), since=2)) == [LINES[3]]


def test_reading_on_gives_what_came_since(logs: DeploymentLogs):
    logs.append(DEPLOYMENT, LINES[:3])
    first, position = logs.read_on(DEPLOYMENT, 0)
    nothing, same = logs.read_on(DEPLOYMENT, position)
    logs.append(DEPLOYMENT, LINES[3:])
    rest, _ = logs.read_on(DEPLOYMENT, position)

    assert (list(first), list(nothing), same, list(rest)) == (LINES[:3], [], position, LINES[3:])


def test_a_log_that_is_not_there_is_empty(logs: DeploymentLogs):
    assert logs.read(DEPLOYMENT, LogQuery()) == []
    assert logs.latest(DEPLOYMENT) == (0, 0)
    assert logs.read_on(DEPLOYMENT, 0) == ([], 0)


def test_a_log_can_be_removed(logs: DeploymentLogs):
    logs.append(DEPLOYMENT, LINES)
    logs.remove(DEPLOYMENT)
    logs.remove(DEPLOYMENT)

    assert logs.read(DEPLOYMENT, LogQuery()) == []
