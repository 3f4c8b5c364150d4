import os
from contextlib import ExitStack
from pathlib import Path

import pytest

from pmdaemon.adapters.fifos import open_fifo
from pmdaemon.adapters.spare_fifos import LEFT_FOR, SpareFifos
from tests.fakes.clock import FakeClock


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def spares(clock):
    return SpareFifos(clock)


@pytest.fixture
def fifo(tmp_path):
    """A FIFO that was used, and closed."""
    path = str(tmp_path / "0.out")
    os.close(open_fifo(path))
    return path


@pytest.fixture
def opened():
    with ExitStack() as stack:

        def open_one(path, flags):
            file = os.open(path, flags | os.O_NONBLOCK)
            stack.callback(os.close, file)
            return file

        yield open_one


def test_a_fifo_that_nobody_has_open_is_left(spares, fifo):
    number = os.stat(fifo).st_ino
    spares.add(fifo)

    spares.claim(fifo)

    assert os.stat(fifo).st_ino == number


def test_one_that_a_program_has_open_goes(spares, fifo, opened):
    opened(fifo, os.O_RDWR)
    spares.add(fifo)

    spares.claim(fifo)

    assert not os.path.exists(fifo)


def test_one_with_something_in_it_goes(spares, fifo, opened):
    os.write(opened(fifo, os.O_RDWR), b"x")
    spares.add(fifo)

    spares.claim(fifo)

    assert not os.path.exists(fifo)


@pytest.mark.parametrize("exchange", [Path.touch, lambda path: path.symlink_to(os.devnull)])
def test_what_is_no_fifo_any_more_goes(spares, fifo, exchange):
    spares.add(fifo)
    os.unlink(fifo)
    exchange(Path(fifo))

    spares.claim(fifo)

    assert not os.path.lexists(fifo)


def test_what_cannot_be_removed_is_left_to_who_opens_it(spares, fifo):
    spares.add(fifo)
    os.unlink(fifo)
    os.mkdir(fifo)

    spares.claim(fifo)

    assert os.path.isdir(fifo)


def test_one_that_is_gone_is_no_trouble(spares, fifo):
    spares.add(fifo)
    os.unlink(fifo)

    spares.claim(fifo)
    spares.clear()


def test_one_that_was_not_left_is_not_touched(spares, fifo, opened):
    opened(fifo, os.O_RDWR)

    spares.claim(fifo)

    assert os.path.exists(fifo)


def test_one_that_was_claimed_is_not_spare_any_more(spares, fifo, clock):
    spares.add(fifo)
    spares.claim(fifo)

    clock.advance(LEFT_FOR)

    assert os.path.exists(fifo)


def test_those_that_nobody_wanted_are_removed_after_a_while(spares, fifo, clock):
    spares.add(fifo)
    clock.advance(LEFT_FOR / 2)
    assert os.path.exists(fifo)

    clock.advance(LEFT_FOR / 2)

    assert not os.path.exists(fifo)
    assert clock.pending == 0


def test_all_can_be_removed_at_once(spares, fifo, clock):
    spares.add(fifo)

    spares.clear()

    assert not os.path.exists(fifo)
    assert clock.pending == 0
