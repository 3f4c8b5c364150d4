import os
import socket

import pytest

from pmdaemon.daemon import packets


@pytest.fixture
def line():
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.settimeout(60)
    yield ours, theirs
    ours.close()
    theirs.close()


def test_a_packet_arrives_with_the_descriptors_that_went_beside_it(line):
    reading, writing = os.pipe()
    packets.send(line[0], {"keep": ["a", "b"]}, [reading, writing])
    os.close(reading)
    os.close(writing)

    facts, (reading, writing) = packets.receive(line[1])

    os.write(writing, b"through")
    assert facts == {"keep": ["a", "b"]}
    assert os.read(reading, 100) == b"through"
    assert not os.get_inheritable(reading)
    os.close(reading)
    os.close(writing)


def test_the_library_understands_what_is_sent(line):
    packets.send(line[0], {"kept": ["a"]}, [0])

    packet, (descriptor,), _, _ = socket.recv_fds(line[1], 1000, 4)

    assert packet == b'{"kept":["a"]}'
    os.close(descriptor)


def test_who_has_gone_says_none(line):
    line[0].close()

    assert packets.receive(line[1]) == (None, [])


def test_to_one_who_has_gone_nothing_can_be_sent(line):
    line[1].close()

    with pytest.raises(OSError, match="Broken pipe"):
        packets.send(line[0], {"begin": {"deaths": 0}}, [])


@pytest.mark.parametrize("junk", [b"nonsense", b"[1]", b"null", b"\xff", b"[" * 60_000])
def test_what_is_no_object_says_nothing(line, junk):
    line[0].send(junk)

    assert packets.receive(line[1]) == ({}, [])
