import pytest

from pmdaemon.server.http.streams import sse_cursor, sse_event, text_frame


@pytest.mark.parametrize(
    ("length", "head"),
    [
        (0, b"\x81\x00"),
        (125, b"\x81\x7d"),
        (126, b"\x81\x7e\x00\x7e"),
        (65535, b"\x81\x7e\xff\xff"),
        (65536, b"\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
    ],
)
def test_a_frame_says_how_long_it_is(length, head):
    payload = b"x" * length

    assert text_frame(payload) == head + payload


def test_an_event_has_a_kind_data_and_where_to_go_on():
    assert sse_event("tick", b"{}", "1.2") == b"id: 1.2\nevent: tick\ndata: {}\n\n"
    assert sse_event("tick", b"{}") == b"event: tick\ndata: {}\n\n"
    assert sse_event(None, b"{}", "1.2") == b"id: 1.2\ndata: {}\n\n"


def test_where_to_go_on_may_be_said_without_an_event():
    assert sse_cursor("1.2") == b"id: 1.2\n\n"


@pytest.mark.parametrize("cursor", ["1\n2", "é", "1\r"])
def test_a_cursor_cannot_break_a_stream(cursor):
    with pytest.raises(ValueError, match="one line"):
        sse_event("tick", b"{}", cursor)
