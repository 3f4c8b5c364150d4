import pytest

from pmdaemon.core.pkt_lines import FLUSH, LARGEST_HEAD, HeldEnd, PushHead, for_people


def a_line(text: bytes) -> bytes:
    return b"%04x" % (len(text) + 4) + text


MOVE = b"0" * 40 + b" " + b"a" * 40 + b" refs/heads/"

BEGINNING = (
    a_line(MOVE + b"main\0 report-status side-band-64k push-options agent=git/2")
    + a_line(MOVE + b"dev")
    + FLUSH
)
OPTIONS = a_line(b"wait") + a_line(b"ci.skip\n") + FLUSH


def read(*pieces):
    head = PushHead()
    for piece in pieces:
        head.feed(piece)
    return head


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
def test_the_beginning_of_a_push_is_read_however_it_comes(size):
    whole = BEGINNING + OPTIONS + b"PACK" + bytes(100)

    head = read(*(whole[start : start + size] for start in range(0, len(whole), size)))

    assert head.refs == ["refs/heads/main", "refs/heads/dev"]
    assert head.options == ["wait", "ci.skip"]
    assert head.hears


def test_a_sender_that_has_no_side_band_hears_nothing():
    head = read(a_line(MOVE + b"main\0 report-status") + FLUSH + OPTIONS)

    assert (head.hears, head.options, head.refs) == (False, [], ["refs/heads/main"])


@pytest.mark.parametrize(
    "nonsense", [b"", b"0000", b"pack", b"\xff" * 9, b"0001", a_line(b"x") + FLUSH, b"ffff"]
)
def test_what_is_no_push_has_no_beginning(nonsense):
    head = read(nonsense, nonsense)

    assert (head.refs, head.options, head.hears) == ([], [], False)


def test_only_so_much_is_looked_at():
    line = a_line(MOVE + b"x" * 60_000 + b"\0side-band")
    most = LARGEST_HEAD // len(line)
    head, longer = read(*[line] * most), read(*[line] * (most + 1))
    for one in (head, longer):
        one.feed(a_line(MOVE + b"dev"))

    assert len(head.refs) == len(longer.refs) == most + 1
    assert head.refs[-1] == "refs/heads/dev" != longer.refs[-1]


def test_a_line_is_read_as_soon_as_all_of_it_is_there():
    assert read(a_line(MOVE + b"main\0side-band")).refs == ["refs/heads/main"]


def test_what_comes_after_the_options_is_none():
    assert read(BEGINNING, OPTIONS, a_line(b"more"), FLUSH).options == ["wait", "ci.skip"]


def test_what_is_said_is_kept_as_it_is_and_bytes_that_are_no_text_are_replaced():
    wishes = a_line(MOVE + b"m\xff\0push-options") + FLUSH
    head = read(wishes, a_line(b"wait \n"), a_line(b"MAX"), a_line(b"\xff"), FLUSH)

    assert head.refs == ["refs/heads/m\ufffd"]
    assert head.options == ["wait ", "MAX", "\ufffd"]


@pytest.mark.parametrize(
    ("pieces", "passed"),
    [
        ([b"0006ab0000"], [b"0006ab"]),
        ([b"0006ab00", b"00"], [b"0006ab", b""]),
        ([b"0006ab", b"0000"], [b"0006ab", b""]),
        ([b"0000", b"0006ab0000"], [b"", b"00000006ab"]),
        ([b"0006a0", b"0000"], [b"0006a", b"0"]),
        ([b"0006a000", b"0"], [b"0006a", b""]),
    ],
)
def test_the_end_is_held_and_all_else_goes_on(pieces, passed):
    end = HeldEnd()

    assert [end.feed(piece) for piece in pieces] == passed
    assert end.rest == FLUSH


def test_what_is_for_people_goes_by_the_second_band_in_lines_that_git_takes():
    assert for_people("hi") == b"0008\x02hi\n"
    assert for_people("hello") == b"000b\x02hello\n"

    parts, text = for_people("ä" * 1000), b""
    while parts:
        size = int(parts[:4], 16)
        assert size <= 1000
        assert parts[4:5] == b"\x02"
        text, parts = text + parts[5:size], parts[size:]
    assert text.decode() == "ä" * 1000 + "\n"
