import json
import socket

import pytest

from pmdaemon.daemon.refusing import UNEXPLAINED, refuse


@pytest.fixture
def listener(tmp_path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "control"))
        listener.listen()
        yield listener


def client_of(listener: socket.socket, said: bytes) -> socket.socket:
    client = socket.socket(socket.AF_UNIX)
    client.connect(listener.getsockname())
    client.sendall(said)
    return client


@pytest.mark.parametrize("said", [b"", b"hello\n", b"x" * 100_000])
def test_everybody_who_waits_reads_the_reason_and_the_end(listener, said):
    waiting = [client_of(listener, said), client_of(listener, said)]

    refuse(listener.fileno(), UNEXPLAINED)

    for client in waiting:
        with client:
            answer = client.recv(10_000)
            assert json.loads(answer) == {"error": UNEXPLAINED}


def test_nobody_is_waited_for(listener):
    refuse(listener.fileno(), UNEXPLAINED)


def test_who_has_gone_already_keeps_nobody_else_from_the_reason(listener):
    client_of(listener, b"hello").close()
    with client_of(listener, b"hello") as stays:
        refuse(listener.fileno(), UNEXPLAINED)

        assert stays.recv(10_000)
