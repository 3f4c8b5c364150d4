"""What holds for standard inputs, made up or real."""

import os

import pytest

from pmdaemon.adapters.inputs import FifoInputs
from tests.fakes.inputs import FakeInputs


@pytest.fixture(params=["fake", "real"])
def inputs(request, tmp_path):
    if request.param == "fake":
        yield FakeInputs()
        return
    real = FifoInputs(tmp_path / "run")
    held = []

    class Held(FifoInputs):
        """With a program that holds its input open, as one does."""

        def open(self, name):
            path = super().open(name)
            held.append(os.open(path, os.O_RDWR | os.O_NONBLOCK))
            return path

    yield Held(real._folder)
    for file in held:
        os.close(file)


def test_what_is_open_can_be_written_to(inputs):
    inputs.open("0.1")

    assert inputs.write("0.1", b"line\n")


def test_what_was_never_open_or_is_closed_cannot_be_written_to(inputs):
    assert not inputs.write("0.1", b"line\n")

    inputs.open("0.1")
    inputs.close("0.1")
    inputs.close("0.1")

    assert not inputs.write("0.1", b"line\n")


def test_each_run_has_its_own(inputs):
    assert inputs.open("0.1") != inputs.open("0.2")

    inputs.close("0.1")

    assert inputs.write("0.2", b"line\n")
