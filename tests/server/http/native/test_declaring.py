import pytest
from msgspec.structs import replace

from pmdaemon.core.errors import InvalidConfiguration, InvalidInput
from pmdaemon.core.tcp_ports import TcpPorts
from pmdaemon.server.http.native.declaring import PortBody, onto_ports, read_declaration
from pmdaemon.server.http.refusals import InvalidRequest
from tests.support.builders import an_app


@pytest.mark.parametrize(
    ("said", "ports"),
    [
        ("3001", TcpPorts(3001, 3001)),
        (3001, TcpPorts(3001, 3001)),
        (3001.0, TcpPorts(3001, 3001)),
        ("4000-4003", TcpPorts(4000, 4003)),
        ("auto:5000-5100", TcpPorts(5000, 5100, auto=True)),
    ],
)
def test_other_ports_make_another_declaration(said, ports):
    app = an_app()

    assert onto_ports(PortBody(said))(app) == replace(app, tcp_ports=ports)


def test_nothing_said_changes_nothing():
    app = an_app(tcp_ports=TcpPorts(3000, 3000))

    assert onto_ports(PortBody())(app) is app


def test_every_instance_needs_a_port():
    change = onto_ports(PortBody("4000-4001"))

    with pytest.raises(InvalidInput) as refused:
        change(an_app(instances=3))

    assert refused.value.code == "tcp_ports_too_few"


def declared(**fields):
    return read_declaration(fields, base="/srv", environment={"PATH": "/bin:/usr/bin"})


def test_an_app_is_read_as_from_an_ecosystem_file():
    spec = declared(script="/bin/sleep 1000", name="web", maxMemoryRestart="1G", cwd="/tmp").spec

    assert (spec.name, spec.max_memory, spec.cwd) == ("web", 1024**3, "/tmp")
    assert spec.inherited_env == {"PATH": "/bin:/usr/bin"}


@pytest.mark.parametrize(
    "fields",
    [{"name": "web"}, {"script": ""}, {"script": 1}],
)
def test_an_app_that_cannot_be_run_is_an_invalid_configuration(fields):
    with pytest.raises(InvalidConfiguration) as refused:
        declared(**fields)

    assert len(refused.value.problems) == 1


def test_an_empty_body_is_no_app():
    with pytest.raises(InvalidRequest):
        declared()
