import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmdaemon.server.gateway.framing import (
    LONGEST_CHUNK_LINE,
    LONGEST_TRAILERS,
    Chunked,
    Length,
    MalformedMessage,
    NoBody,
    UntilClose,
)


def fed(framing, data, pieces=1):
    """Feed data in pieces of a size, and return how much of it was the body."""
    at = 0
    while at < len(data) and not framing.done:
        piece = data[at : at + pieces]
        taken = framing.feed(piece)
        at += taken
        if taken < len(piece):
            break
    return at


def test_a_message_without_a_body_takes_nothing():
    assert NoBody().done
    assert NoBody().feed(b"GET") == 0


@given(st.integers(0, 50), st.integers(1, 60))
def test_a_length_ends_after_as_many_bytes(length, pieces):
    framing = Length(length)

    assert fed(framing, b"x" * 60, pieces) == length
    assert framing.done


def test_what_ends_with_the_connection_takes_all():
    framing = UntilClose()

    assert framing.feed(b"abc") == 3
    assert not framing.done


def in_chunks(contents, trailers=b""):
    chunks = [b"%x\r\n%b\r\n" % (len(each), each) for each in contents if each]
    return b"".join([*chunks, b"0\r\n", trailers, b"\r\n"])


@given(st.lists(st.binary(max_size=40)), st.integers(1, 50), st.booleans())
def test_chunks_end_where_they_say_however_they_come(contents, pieces, trailed):
    data = in_chunks(contents, b"Expires: never\r\n" if trailed else b"")
    seen = []
    framing = Chunked(seen.append)

    assert fed(framing, data + b"GET / HTTP/1.1", pieces) == len(data)
    assert framing.done
    assert b"".join(seen) == b"".join(contents)


@pytest.mark.parametrize(
    "data",
    [
        b"\r\n",
        b"x\r\n",
        b"-1\r\n",
        b"+1\r\n",
        b"0x1\r\n",
        b"1_0\r\n",
        b" 1\r\n",
        b"1\n",
        b"1\ra\r\n",
        b"\xb2\r\n",
        b"f" * 16 + b"\r\n",
        b"2\r\nabc\r\n",
        b"2\r\nab\n",
        b"2\r\nabX\r\n",
        b"0\r\nnonsense\r\n",
        b"0\r\n folded: x\r\n",
        b"0\r\nA: b\n",
    ],
)
@pytest.mark.parametrize("pieces", [1, 100])
def test_what_could_be_read_in_two_ways_is_refused(data, pieces):
    with pytest.raises(MalformedMessage):
        fed(Chunked(), data, pieces)


def test_extensions_are_let_pass_within_reason():
    data = b"3;name=value\r\nabc\r\n0\r\n\r\n"

    assert fed(Chunked(), data) == len(data)
    with pytest.raises(MalformedMessage, match="too long"):
        Chunked().feed(b"3;" + b"x" * (LONGEST_CHUNK_LINE + 2))


def test_trailers_without_end_are_refused():
    framing = Chunked()
    framing.feed(b"0\r\n")

    with pytest.raises(MalformedMessage, match="too long"):
        framing.feed(b"A: b\r\n" * LONGEST_TRAILERS)
