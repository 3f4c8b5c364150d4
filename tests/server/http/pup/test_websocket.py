import json

import pytest

from pmdaemon.core.access import Principal
from pmdaemon.server.http.pup.websocket import Client


class Writer:
    def __init__(self):
        self.is_behind = False
        self.written = []

    def write(self, data):
        self.written.append(json.loads(data[2:]))


@pytest.fixture
def writer():
    return Writer()


def client(writer, *grants, name="ci", about=None):
    return Client(None, Principal(name, frozenset(grants), about), None, writer)


FRAME = b'\x81\x10{"t": 1, "d": 2}'


def test_who_was_left_behind_is_told_so_first(writer):
    one = client(writer, "read")
    writer.is_behind = True
    for _ in range(3):
        one.deliver(FRAME)
    writer.is_behind = False

    one.deliver(FRAME)
    one.deliver(FRAME)

    assert writer.written == [
        {"t": "lagged", "d": {"missed": 3}},
        {"t": 1, "d": 2},
        {"t": 1, "d": 2},
    ]


def test_messages_are_for_a_name_of_ones_own(writer):
    assert client(writer, "telemetry:web-1").goes_by("web-1")
    assert client(writer, about="web-1").goes_by("web-1")
    assert client(writer).goes_by("ci")
    assert not client(writer, "admin", "telemetry").goes_by("web-1")


def test_to_read_is_to_hear_of_others(writer):
    assert client(writer, "read").reads
    assert client(writer, "admin").reads
    assert not client(writer, "telemetry:web").reads
