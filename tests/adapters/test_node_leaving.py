"""Node programs that another run takes the place of, and clients that must not notice."""

import http.client
import os
import signal
import socket
import ssl
import subprocess
from contextlib import ExitStack, closing, contextmanager

import pytest

from tests.support.certificates import make_certificate
from tests.support.node_programs import (
    a_node_program,
    a_silent_node_program,
    a_starting_node_program,
    node,
)
from tests.support.waiting import eventually_sync

pytestmark = [pytest.mark.posix, node]

HTTP = """
const http = require('node:http');
const held = [];
http.createServer((request, response) => {
  if (request.url === '/hold') held.push(response);
  else if (request.url === '/begin') { response.write('be'); held.push(response); }
  else if (request.url === '/large') response.end('x'.repeat(20_000_000));
  else response.end(String(process.pid));
}).listen(PORT);
process.on('SIGUSR2', () => { for (const one of held) one.end('gun'); });
"""


PLAIN = "require('node:http').createServer().listen(PORT);"
STAYING = "setInterval(() => {}, 1000);"


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


@pytest.fixture
def program(tmp_path, listener):
    with a_node_program(tmp_path, listener, HTTP) as program:
        yield program


@pytest.fixture
def connect(listener):
    """Open connections, which are closed at the end."""
    with ExitStack() as stack:
        port = listener.getsockname()[1]

        def connect():
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            connection.connect()
            return stack.enter_context(closing(connection))

        yield connect


def get(connection, path="/"):
    connection.request("GET", path)
    return connection.getresponse()


def leave(program):
    """Have the program leave, and wait until it has begun to: it listens no more."""
    program.say({"act": "drain"})
    eventually_sync(lambda: not program.listens())


def peers(program):
    """List from where the connections come that were handed on."""
    return {one.getpeername() for one in program.handed}


def test_without_connections_it_is_done_at_once(program):
    leave(program)

    program.wait_until_it_has_left()


def test_an_idle_connection_is_handed_on_and_not_closed(program, connect):
    client = connect()
    assert get(client).read() == str(program.process.pid).encode()

    leave(program)

    word = program.wait_for("hand")
    assert word["at"] == [None, client.port]
    program.wait_until_it_has_left()
    [handed] = program.handed
    assert handed.getpeername() == client.sock.getsockname()
    client.request("GET", "/next")
    assert handed.recv(100).startswith(b"GET /next")


def test_a_connection_over_which_nothing_has_come_yet_is_handed_on(program, connect):
    client = connect()
    get(connect()).read()  # which was accepted later

    leave(program)

    program.wait_until_it_has_left()
    assert client.sock.getsockname() in peers(program)


def test_what_comes_while_a_connection_is_handed_on_is_left_to_who_gets_it(program, connect):
    client = connect()
    get(client).read()
    program.confirms = False

    leave(program)
    program.wait_for("hand")
    client.request("GET", "/next")
    program.confirm()

    program.wait_until_it_has_left()
    [handed] = program.handed
    assert handed.recv(100).startswith(b"GET /next")


def test_while_the_daemon_does_not_confirm_the_others_are_served_as_ever(program, connect):
    clients = [connect() for _ in range(3)]
    for client in clients:
        get(client).read()
    program.confirms = False

    leave(program)
    program.wait_for("hand")
    kept = [one for one in clients if one.sock.getsockname() not in peers(program)]

    assert len(kept) == 2
    for client in kept:
        answer = get(client)
        assert (answer.read(), answer.will_close) == (str(program.process.pid).encode(), True)


def test_while_the_daemon_does_not_answer_all_are_served_as_ever(program, connect):
    client = connect()
    get(client).read()
    program.answers = False

    leave(program)
    program.wait_for("offer")

    assert get(client).will_close
    program.wait_until_it_has_left()
    assert program.handed == []


def test_where_there_is_no_other_instance_a_connection_is_closed_when_it_is_quiet(program, connect):
    quiet, busy = connect(), connect()
    for client in (quiet, busy):
        get(client).read()
    program.gives = False

    leave(program)

    assert get(busy).will_close
    assert quiet.sock.recv(1) == b""
    program.wait_until_it_has_left()
    assert program.handed == []


def test_another_instance_goes_on_with_what_was_handed_on(tmp_path, listener, program, connect):
    client = connect()
    get(client).read()
    port = listener.getsockname()[1]
    leave(program)
    program.wait_until_it_has_left()

    with a_node_program(tmp_path, listener, HTTP) as other:
        other.say({"act": "take", "at": [None, port]}, program.handed[0])
        local = client.sock.getsockname()
        answer = get(client)

        assert answer.read() == str(other.process.pid).encode()
        assert not answer.will_close
        assert client.sock.getsockname() == local


def test_what_is_handed_to_who_does_not_listen_yet_waits_until_it_does(
    tmp_path, listener, program, connect
):
    clients = connect(), connect()
    for client in clients:
        get(client).read()
    port = listener.getsockname()[1]
    leave(program)
    program.wait_until_it_has_left()

    source = HTTP.replace(".listen(PORT)", "") + "process.once('message', () => it.listen(PORT));"
    with a_starting_node_program(
        tmp_path, listener, source.replace("http.createS", "const it = http.createS")
    ) as other:
        other.say({"act": "take", "at": [None, port]}, program.handed[0])
        other.tell("listen")
        other.wait_for("listen")
        other.say({"act": "take", "at": [None, port]}, program.handed[1])
        other.give_what_it_asks_for(listener)

        pid = str(other.process.pid).encode()
        assert [get(client).read() for client in clients] == [pid, pid]


def test_what_waits_for_a_program_that_leaves_before_it_listens_is_closed(tmp_path, listener):
    with (
        a_silent_node_program(tmp_path, listener, PLAIN + STAYING) as program,
        a_connection_for(program, listener) as client,
    ):
        program.say({"act": "drain"})

        assert client.recv(1) == b""


def test_what_waits_for_a_program_that_never_listens_is_closed(tmp_path, listener):
    soon = "const { setTimeout: later } = globalThis;"
    soon += "globalThis.setTimeout = (then, time) => later(then, time / 1000);"
    with (
        a_starting_node_program(tmp_path, listener, soon + STAYING) as program,
        a_connection_for(program, listener) as client,
    ):
        assert client.recv(1) == b""


@contextmanager
def a_connection_for(program, listener):
    """Hand a connection on to a program; gives the client's end."""
    with (
        socket.create_server(("127.0.0.1", 0)) as elsewhere,
        socket.create_connection(elsewhere.getsockname(), timeout=60) as client,
    ):
        connection, _ = elsewhere.accept()
        program.say({"act": "take", "at": [None, listener.getsockname()[1]]}, connection)
        connection.close()
        yield client


def test_what_comes_back_as_nobody_else_is_there_is_served(program, connect):
    client = connect()
    get(client).read()
    program.confirms = False
    leave(program)
    word = program.wait_for("hand")
    program.gives = False

    program.say({"act": "take", "at": word["at"]}, program.handed[0])
    program.confirm()

    answer = get(client)
    assert answer.read() == str(program.process.pid).encode()
    assert answer.will_close


def test_a_program_that_leaves_before_it_has_its_socket_does_not_listen(tmp_path, listener):
    with a_silent_node_program(tmp_path, listener, PLAIN) as program:
        program.say({"act": "drain"})
        program.wait_for("drained")

        program.give_what_it_asks_for(listener)

        eventually_sync(lambda: program.process.poll() is not None)
        assert program.heard("listening") is None


def test_what_was_handed_on_and_is_not_used_is_closed_as_any_other(tmp_path, listener):
    source = """
    const http = require('node:http');
    http.createServer({ keepAliveTimeout: 20 }, (_, response) => response.end()).listen(PORT);
    """
    with (
        a_node_program(tmp_path, listener, source) as program,
        a_connection_for(program, listener) as client,
    ):
        assert client.recv(1) == b""


def test_a_connection_to_where_nobody_listens_is_closed(program):
    with (
        socket.create_server(("127.0.0.1", 0)) as elsewhere,
        socket.create_connection(elsewhere.getsockname(), timeout=60) as client,
    ):
        connection, _ = elsewhere.accept()
        program.say({"act": "take", "at": [None, 1]}, connection)
        connection.close()

        assert client.recv(1) == b""


def test_what_is_being_answered_is_finished_and_says_that_it_is_the_last(program, connect):
    client, other = connect(), connect()
    client.request("GET", "/hold")
    get(other).read()  # by when that is being answered

    leave(program)
    os.kill(program.process.pid, signal.SIGUSR2)
    answer = client.getresponse()

    assert (answer.read(), answer.will_close) == (b"gun", True)
    program.wait_until_it_has_left()
    assert peers(program) == {other.sock.getsockname()}


def test_an_answer_that_had_begun_is_finished_and_its_connection_handed_on(program, connect):
    client = connect()
    answer = get(client, "/begin")
    assert answer.read(2) == b"be"

    leave(program)
    os.kill(program.process.pid, signal.SIGUSR2)

    assert answer.read() == b"gun"
    program.wait_until_it_has_left()
    assert peers(program) == {client.sock.getsockname()}


def test_a_request_of_which_half_has_come_is_answered(program, connect):
    client, other = connect(), connect()
    get(client).read()
    client.sock.sendall(b"GET / HTTP/1.1\r\nHos")
    get(other).read()  # by when that has been read, too

    leave(program)
    program.wait_for("hand")  # the other one
    client.sock.sendall(b"t: x\r\n\r\n")

    assert b"Connection: close" in client.sock.recv(1000)
    program.wait_until_it_has_left()
    assert peers(program) == {other.sock.getsockname()}


def test_a_body_that_comes_after_its_answer_is_not_taken_for_a_request(program, connect):
    client, other = connect(), connect()
    client.putrequest("POST", "/")
    client.putheader("Content-Length", "4")
    client.endheaders()
    client.getresponse().read()
    get(other).read()

    leave(program)
    program.wait_for("hand")
    assert peers(program) == {other.sock.getsockname()}
    client.sock.sendall(b"bodyGET /next HTTP/1.1\r\nHost: x\r\n\r\n")

    assert b"Connection: close" in client.sock.recv(1000)
    program.wait_until_it_has_left()


def test_a_large_answer_that_waits_for_its_reader_is_not_cut(program, connect):
    client, other = connect(), connect()
    answer = get(client, "/large")
    get(other).read()

    leave(program)
    program.wait_for("hand")

    assert len(answer.read()) == 20_000_000
    program.wait_until_it_has_left()


def test_a_connection_that_is_no_http_is_left_to_the_program(tmp_path, listener):
    echo = "require('node:net').createServer((socket) => socket.pipe(socket)).listen(PORT);"
    with (
        a_node_program(tmp_path, listener, echo) as program,
        socket.create_connection(listener.getsockname(), timeout=60) as client,
    ):
        client.sendall(b"one")
        assert client.recv(10) == b"one"
        leave(program)
        client.sendall(b"two")
        assert client.recv(10) == b"two"
        assert program.heard("drained") is None

        client.shutdown(socket.SHUT_WR)

        program.wait_until_it_has_left()
        assert program.handed == []


def test_a_connection_with_tls_is_closed_when_it_has_been_quiet(tmp_path, listener):
    certificate, key = make_certificate(tmp_path / "tls")
    source = f"""
    const fs = require('node:fs');
    const options = {{ cert: fs.readFileSync('{certificate}'), key: fs.readFileSync('{key}') }};
    require('node:https').createServer(options, (_, response) => response.end('x')).listen(PORT);
    """
    context = ssl.create_default_context(cafile=certificate)
    port = listener.getsockname()[1]
    with a_node_program(tmp_path, listener, source) as program, ExitStack() as stack:
        quiet, busy = (
            stack.enter_context(
                closing(http.client.HTTPSConnection("127.0.0.1", port, timeout=60, context=context))
            )
            for _ in range(2)
        )
        for client in (quiet, busy):
            get(client).read()

        leave(program)

        answer = get(busy)
        assert (answer.read(), answer.will_close) == (b"x", True)
        assert quiet.sock.recv(1) == b""
        program.wait_until_it_has_left()
        assert program.handed == []


def test_clients_of_http_2_are_told_to_go(tmp_path, listener):
    source = """
    const http2 = require('node:http2');
    http2.createServer((_, response) => response.end('x')).listen(PORT);
    """
    client = """
    const client = require('node:http2').connect('http://127.0.0.1:PORT');
    const request = client.request();
    request.on('data', (text) => console.log(String(text)));
    client.on('goaway', (code) => console.log('goaway', code));
    """.replace("PORT", str(listener.getsockname()[1]))
    with (
        a_node_program(tmp_path, listener, source) as program,
        subprocess.Popen(["node", "-e", client], stdout=subprocess.PIPE) as process,
    ):
        assert process.stdout.readline() == b"x\n"

        leave(program)

        assert set(process.stdout) == {b"goaway 0\n"}
        program.wait_until_it_has_left()
