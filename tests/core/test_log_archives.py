import gzip
import zlib

from pmdaemon.core.log_archives import HEADER_SIZE, Contents, contents_of

LARGEST = Contents(size=2**63 - 1, lines=2**63 - 1)


def test_a_note_is_read_as_it_was_written():
    for contents in (Contents(0, 0), Contents(10_485_760, 123_456), LARGEST):
        assert contents_of(contents.encode()) == contents


def test_a_note_has_the_same_length_whatever_it_says():
    assert {len(Contents(0, 0).encode()), len(LARGEST.encode())} == {HEADER_SIZE}


def test_what_has_our_header_is_gzip_to_everybody():
    data = b"one\ntwo\n"
    deflated = zlib.compress(data, wbits=-zlib.MAX_WBITS)
    trailer = zlib.crc32(data).to_bytes(4, "little") + len(data).to_bytes(4, "little")

    assert gzip.decompress(Contents(8, 2).encode() + deflated + trailer) == data


def test_a_file_that_somebody_else_compressed_has_no_note():
    assert contents_of(gzip.compress(b"one\n")) is None
    assert contents_of(b"") is None
    assert contents_of(Contents(1, 1).encode()[:-1]) is None
