import pytest

from pmdaemon.core.errors import TcpPortTaken
from pmdaemon.core.tcp_ports import TcpPorts
from pmdaemon.engine.reservations import reserve
from tests.fakes.tcp_probe import FakeTcpProbe
from tests.support.builders import a_process, an_app


def reserved(ports, *, instances=1, owned=(), used=(), kept=None):
    others = [
        a_process(pm_id=pm_id, tcp_port=port, spec=an_app(name="owner"))
        for pm_id, port in enumerate(owned)
    ]
    spec = an_app(instances=instances, tcp_ports=ports)
    return reserve(spec, others, FakeTcpProbe(*used), kept or {})


def test_an_app_that_asks_for_none_gets_none():
    assert reserved(None, instances=3, owned=[None, 3000]) == [None, None, None]


def test_each_instance_has_one_of_a_range():
    assert reserved(TcpPorts(3000, 3003), instances=3) == [3000, 3001, 3002]


def test_a_port_of_another_app_is_refused_with_its_name():
    with pytest.raises(TcpPortTaken) as refusal:
        reserved(TcpPorts(3000, 3001), instances=2, owned=[3001])

    assert refusal.value.message == "cannot start web: port 3001 belongs to owner"
    assert refusal.value.details == {"port": 3001, "owner": "owner"}


def test_a_port_that_somebody_listens_on_is_refused():
    with pytest.raises(TcpPortTaken) as refusal:
        reserved(TcpPorts(3000, 3000), used=[3000])

    assert refusal.value.message == "cannot start web: another program listens on port 3000"


def test_automatic_ports_go_round_what_is_taken():
    chosen = reserved(TcpPorts(5000, 5010, auto=True), instances=2, owned=[5000], used=[5002])

    assert chosen == [5001, 5003]


def test_too_few_automatic_ports_are_refused_with_their_number():
    with pytest.raises(TcpPortTaken) as refusal:
        reserved(TcpPorts(5000, 5002, auto=True), instances=3, owned=[5000])

    assert refusal.value.message == (
        "cannot start web: 2 of the ports auto:5000-5002 are free, 3 are needed"
    )


def test_an_automatic_port_stays_with_its_instance():
    chosen = reserved(TcpPorts(5000, 5010, auto=True), instances=3, kept={0: 5007, 2: 5000})

    assert chosen == [5007, 5001, 5000]


@pytest.mark.parametrize(
    ("kept", "why"),
    [({0: 4999}, "not in the range"), ({0: 5003}, "in use"), ({9: 5000}, "of no instance")],
)
def test_an_automatic_port_that_cannot_stay_is_replaced(kept, why):
    assert reserved(TcpPorts(5000, 5010, auto=True), kept=kept, used=[5003]) == [5000], why


def test_a_port_that_all_instances_share_is_nobodys_own():
    spec = an_app(instances=3, exec_mode="cluster", tcp_ports=TcpPorts(3000, 3000))

    assert reserve(spec, [], FakeTcpProbe(), {}) == [None, None, None]


def test_a_shared_port_belongs_to_its_app():
    owner = an_app(name="owner", exec_mode="cluster", tcp_ports=TcpPorts(3000, 3000))

    with pytest.raises(TcpPortTaken, match="port 3000 belongs to owner"):
        reserve(an_app(tcp_ports=TcpPorts(3000, 3000)), [a_process(spec=owner)], FakeTcpProbe(), {})


def test_a_shared_port_that_somebody_listens_on_is_refused():
    spec = an_app(exec_mode="cluster", tcp_ports=TcpPorts(3000, 3000))

    with pytest.raises(TcpPortTaken, match="another program listens on port 3000"):
        reserve(spec, [], FakeTcpProbe(3000), {})
