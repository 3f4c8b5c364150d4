import os
import stat

import pytest

from pmdaemon.adapters.inputs import FifoInputs
from pmdaemon.core.errors import OperationFailed


def test_what_is_written_is_read_by_the_program_and_by_nobody_else(tmp_path):
    inputs = FifoInputs(tmp_path / "run")
    path = inputs.open("0.1")
    program = os.open(path, os.O_RDWR | os.O_NONBLOCK)

    assert inputs.write("0.1", b"hello\n")

    assert os.read(program, 100) == b"hello\n"
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    os.close(program)


def test_nobody_who_has_it_open_is_nobody_to_write_to(tmp_path):
    inputs = FifoInputs(tmp_path)
    inputs.open("0.1")

    assert not inputs.write("0.1", b"hello\n")


def test_a_program_that_does_not_read_holds_nobody_up(tmp_path):
    inputs = FifoInputs(tmp_path)
    program = os.open(inputs.open("0.1"), os.O_RDWR | os.O_NONBLOCK)

    written = [inputs.write("0.1", b"x" * 4096) for _ in range(100)]

    assert written[0]
    assert not written[-1]
    os.close(program)


def test_what_is_in_the_way_is_replaced_and_what_cannot_be_made_is_said(tmp_path):
    (tmp_path / "0.1.in").write_text("old")
    FifoInputs(tmp_path).open("0.1")
    (tmp_path / "file").write_text("")

    with pytest.raises(OperationFailed, match="cannot make a standard input"):
        FifoInputs(tmp_path / "file").open("0.1")
