import base64
import gzip
import zlib

import pytest

from pmdaemon.core.request_records import Body
from pmdaemon.server import bodies
from pmdaemon.server.bodies import body_view

GZIP = [(b"Content-Encoding", b"gzip")]


def whole(content, headers=()):
    return body_view(Body(content, len(content)), headers)


def test_text_is_shown_as_text():
    assert whole("grüße".encode()) == {"size": 7, "truncated": False, "text": "grüße"}


def test_what_is_no_text_is_shown_in_base64():
    for content in (b"\xff\xfe", b"a\0b"):
        assert base64.b64decode(whole(content)["base64"]) == content


def test_nothing_is_shown_of_what_was_not_kept():
    assert body_view(None, ()) is None


@pytest.mark.parametrize(
    ("coding", "content"),
    [
        (b"gzip", gzip.compress(b"hello", mtime=0)),
        (b"deflate", zlib.compress(b"hello")),
        (b"deflate", zlib.compress(b"hello")[2:-4]),
        (b"gzip, deflate", zlib.compress(gzip.compress(b"hello", mtime=0))),
    ],
)
def test_what_was_compressed_is_unpacked(coding, content):
    assert whole(content, [(b"Content-Encoding", coding)])["text"] == "hello"


def test_what_was_cut_is_unpacked_as_far_as_it_goes():
    packed = gzip.compress(b"hello" * 1000)
    view = body_view(Body(packed[:-10], len(packed)), GZIP)

    assert view["text"].startswith("hello")
    assert view["truncated"]


def test_text_that_was_cut_within_a_letter_is_text():
    assert body_view(Body("ü".encode()[:1], 2), ())["text"] == ""


def test_a_bomb_is_unpacked_to_a_bounded_size(monkeypatch):
    monkeypatch.setattr(bodies, "MOST_DECODED", 1000)
    view = whole(gzip.compress(bytes(10_000_000)), GZIP)

    assert len(base64.b64decode(view["base64"])) == 1000
    assert view["truncated"]


@pytest.mark.parametrize("coding", [b"br", b"gzip"])
def test_what_cannot_be_unpacked_is_shown_as_it_is(coding):
    assert whole(b"hello", [(b"content-encoding", coding)])["text"] == "hello"
