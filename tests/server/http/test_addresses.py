import pytest

from pmdaemon.core.errors import InvalidInput
from pmdaemon.server.http.addresses import UNKNOWN, client_address, read_networks, site_of

PROXIES = read_networks(["10.0.0.0/8", "::1"])


@pytest.mark.parametrize(
    ("peer", "said", "client"),
    [
        ("192.0.2.1", [], "192.0.2.1"),
        ("192.0.2.1", ["198.51.100.7"], "192.0.2.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", ["6.6.6.6, 198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", ["6.6.6.6", "198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", ["198.51.100.7, 10.0.0.2"], "198.51.100.7"),
        ("10.0.0.1", ["6.6.6.6, 198.51.100.7, 10.0.0.2"], "198.51.100.7"),
        ("10.0.0.1", ["10.0.0.3"], "10.0.0.3"),
        ("10.0.0.1", ["junk"], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.7, junk"], "10.0.0.1"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("::1", ["[2001:db8::7]:1234"], "2001:db8::7"),
        ("::1", ["198.51.100.7:1234"], "198.51.100.7"),
        ("::ffff:10.0.0.1", ["198.51.100.7"], "198.51.100.7"),
        ("fe80::1%eth0", [], "fe80::1"),
        (None, ["198.51.100.7"], UNKNOWN),
        ("", [], UNKNOWN),
    ],
)
def test_a_client_is_whom_the_last_trusted_proxy_heard_from(peer, said, client):
    assert client_address(peer, said, PROXIES) == client


def test_without_trusted_proxies_nobody_is_believed():
    assert client_address("10.0.0.1", ["198.51.100.7"], ()) == "10.0.0.1"


def test_a_site_of_ipv6_is_one_client():
    assert site_of("2001:db8::1") == site_of("2001:db8::ffff:1") != site_of("2001:db8:0:1::1")
    assert site_of("192.0.2.1") != site_of("192.0.2.2")
    assert site_of(UNKNOWN) == UNKNOWN


@pytest.mark.parametrize("text", ["", "nowhere", "10.0.0.0/33", "300.1.1.1", "10.0.0"])
def test_what_is_no_network_is_refused(text):
    with pytest.raises(InvalidInput) as refused:
        read_networks([text])

    assert refused.value.code == "invalid_network"


def test_an_address_within_a_network_means_the_network():
    assert str(read_networks(["10.1.2.3/8"])[0]) == "10.0.0.0/8"
