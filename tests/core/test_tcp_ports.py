import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmdaemon.core import tcp_ports
from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.tcp_ports import TcpPorts


@pytest.mark.parametrize(
    ("value", "ports", "text"),
    [
        ("3000", TcpPorts(3000, 3000), "3000"),
        (3000, TcpPorts(3000, 3000), "3000"),
        (3000.0, TcpPorts(3000, 3000), "3000"),
        (" 3000 ", TcpPorts(3000, 3000), "3000"),
        ("3000-3003", TcpPorts(3000, 3003), "3000-3003"),
        ("3000-3000", TcpPorts(3000, 3000), "3000"),
        ("auto:5000-5100", TcpPorts(5000, 5100, auto=True), "auto:5000-5100"),
        ("1-65535", TcpPorts(1, 65535), "1-65535"),
    ],
)
def test_each_spelling_is_read_and_written(value, ports, text):
    assert tcp_ports.parse(value) == ports
    assert str(ports) == text


@pytest.mark.parametrize("value", ["99999", 99999, 0, "0", "65536", "1-65536", "9" * 5000])
def test_a_tcp_port_that_does_not_exist_is_refused(value):
    with pytest.raises(InvalidInput, match=r"^not a TCP port: .* \(1 to 65535\)$"):
        tcp_ports.parse(value)


@pytest.mark.parametrize(
    "value",
    [
        *("", "web", "-1", "3000-", "3000,3001", "auto", "auto:", "auto:5000", "²", "٣", "3e3"),
        *("3003-3000", "3001-3000", "a\nb", -1, None, True, 1.5, [3000], {"port": 1}),
    ],
)
def test_what_is_no_tcp_port_is_refused(value):
    with pytest.raises(InvalidInput, match=r"^not a TCP port: ") as refusal:
        tcp_ports.parse(value)

    assert refusal.value.message.isprintable()


def test_a_refusal_names_the_value():
    with pytest.raises(InvalidInput) as refusal:
        tcp_ports.parse(99999)

    assert refusal.value.message == "not a TCP port: 99999 (1 to 65535)"


@given(st.integers(1, 65535), st.integers(1, 65535), st.booleans())
def test_what_is_written_is_read_back(one, other, auto):
    ports = TcpPorts(min(one, other), max(one, other), auto)

    assert tcp_ports.parse(str(ports)) == ports


def test_each_instance_has_the_next_tcp_port():
    ports = tcp_ports.parse("3000-3002")

    assert ports.count == 3
    assert [ports.for_instance(index) for index in range(3)] == [3000, 3001, 3002]
    assert list(ports.candidates(2)) == [3002]


def test_any_of_an_automatic_range_will_do():
    ports = tcp_ports.parse("auto:5000-5002")

    assert list(ports.candidates(0)) == list(ports.candidates(2)) == [5000, 5001, 5002]


@pytest.mark.parametrize("index", [-1, 3])
def test_an_instance_beyond_the_range_has_none(index):
    with pytest.raises(InvalidInput, match="no TCP port for instance"):
        tcp_ports.parse("3000-3002").for_instance(index)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("web", "as 3000, 3000-3003 or auto:5000-5100"),
        ("auto:5000", "a range, as auto:5000-5100"),
        ("3003-3000", "the lower one comes first"),
    ],
)
def test_a_refusal_says_what_was_expected(value, expected):
    with pytest.raises(InvalidInput) as refusal:
        tcp_ports.parse(value)

    assert refusal.value.message == f"not a TCP port: {value} ({expected})"
    assert refusal.value.details == {"value": value}


def test_zeros_in_front_do_not_make_a_port_of_six_digits():
    with pytest.raises(InvalidInput, match="1 to 65535"):
        tcp_ports.parse("003000")


def test_an_instance_without_a_port_is_told_with_the_range():
    with pytest.raises(InvalidInput) as refusal:
        tcp_ports.parse("3000-3002").for_instance(3)

    assert refusal.value.details == {"tcp_ports": "3000-3002"}
