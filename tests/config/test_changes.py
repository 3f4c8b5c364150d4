import pytest
from msgspec.structs import replace

from pmdaemon.config.changes import changed
from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.spec import Schedule
from pmdaemon.core.tcp_ports import TcpPorts
from tests.support.views import DECLARED


def test_nothing_said_is_nothing_changed():
    assert changed(DECLARED, {}, None) == DECLARED


def test_an_environment_is_inherited_without_what_is_ours():
    spec = changed(DECLARED, {}, {"A": "1", "PMDAEMON_TOKEN": "x"})

    assert spec.inherited_env == {"A": "1"}


def test_variables_are_added_to_those_there_are():
    assert changed(DECLARED, {"env": {"A": 1}}, None).env == {"MODE": "test", "A": "1"}


def test_fields_go_where_they_belong():
    said = {"port": "3000", "maxRestarts": 3, "kill_timeout": "5s", "out_file": "logs/o"}

    spec = changed(DECLARED, {**said, "cron_restart": "0 3 * * *"}, None)

    assert (spec.tcp_ports, spec.restart.max_restarts) == (TcpPorts(3000, 3000), 3)
    assert (spec.stop.grace, spec.logs.out_file) == (5.0, "/srv/logs/o")
    assert spec.cron_restart == Schedule("0 3 * * *")
    assert replace(
        spec,
        tcp_ports=None,
        restart=DECLARED.restart,
        stop=DECLARED.stop,
        logs=DECLARED.logs,
        cron_restart=None,
    ) == DECLARED  # fmt: skip


@pytest.mark.parametrize("key", ["name", "cwd", "instances", "script", "watch", "nonsense"])
def test_what_would_make_another_app_of_it_is_refused(key):
    with pytest.raises(InvalidInput, match=f"this cannot be changed: {key}"):
        changed(DECLARED, {key: "1"}, None)


def test_a_value_that_cannot_be_used_is_refused():
    with pytest.raises(InvalidInput, match="kill_timeout"):
        changed(DECLARED, {"kill_timeout": "soon"}, None)
