import os

from pmdaemon.adapters import line_gathering
from pmdaemon.adapters.line_gathering import LONGEST_LINE, LineGatherer
from tests.support.waiting import eventually


async def gathered(*pieces):
    lines = []
    with LineGatherer(lines.append) as gatherer:
        for piece in pieces:
            os.write(gatherer.writing, piece)
    return lines


async def test_lines_are_put_together_from_pieces():
    assert await gathered(b"one\ntw", b"o\nthree") == ["one", "two", "three"]


async def test_what_a_terminal_would_write_over_is_one_line():
    assert await gathered(b"10%\r50%\r100% done\r\nnext\n") == ["100% done", "next"]


async def test_a_meter_that_runs_for_long_is_told_every_now_and_then(monkeypatch):
    monkeypatch.setattr(line_gathering, "METER_INTERVAL", 0.0)
    lines = []
    with LineGatherer(lines.append) as gatherer:
        os.write(gatherer.writing, b"10%\r20%\r30")
        await eventually(lambda: lines == ["20%"])
        os.write(gatherer.writing, b"%\r40%\r")
        await eventually(lambda: lines == ["20%", "40%"])
        os.write(gatherer.writing, b"\n")

    assert lines == ["20%", "40%", "40%"]


async def test_what_is_no_text_is_shown_as_well_as_it_can_be():
    assert await gathered(b"caf\xe9\n") == ["caf\ufffd"]


async def test_what_is_for_a_terminal_alone_is_left_out():
    said = b"\x1b[1;32mdone\x1b[0m \x1b[2K\x1b]0;title\x07in 1 s\n"

    assert await gathered(said) == ["done in 1 s"]


async def test_who_wants_no_more_is_told_no_more():
    lines = []

    def say(line):
        lines.append(line)
        return len(lines) < 2

    with LineGatherer(say) as gatherer:
        os.write(gatherer.writing, b"one\ntwo\nthree\nfo")
        await eventually(lambda: len(lines) == 2)
        os.write(gatherer.writing, b"ur\nfive")

    assert lines == ["one", "two"]


async def test_an_endless_line_comes_in_pieces():
    lines = await gathered(b"x" * 20000)

    assert [len(line) for line in lines] == [LONGEST_LINE, LONGEST_LINE, 20000 - 2 * LONGEST_LINE]


async def test_lines_come_while_it_writes():
    lines = []
    with LineGatherer(lines.append) as gatherer:
        os.write(gatherer.writing, b"now\n")
        await eventually(lambda: lines == ["now"])


async def test_no_descriptor_is_left():
    before = os.listdir("/proc/self/fd")
    await gathered(b"one\n")

    assert os.listdir("/proc/self/fd") == before
