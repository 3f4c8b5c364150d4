import errno
import os

import pytest

from pmdaemon.cli.errors import WrongUsage, of_system
from pmdaemon.cli.exit_codes import FAILED, WRONG_USAGE, exit_code

LONG = "x" * 5000


def test_wrong_usage_has_its_own_exit_code():
    assert exit_code(WrongUsage("no").code) == WRONG_USAGE


@pytest.mark.parametrize(
    ("number", "path", "sentence", "status"),
    [
        (
            errno.ENAMETOOLONG,
            "x" * 5000,
            f"cannot use {'x' * 80}…: file name too long",
            WRONG_USAGE,
        ),
        (errno.ENOENT, None, "the folder you are in is gone", WRONG_USAGE),
        (errno.ENOSPC, None, "cannot write the output: no space left on device", FAILED),
    ],
)
def test_what_the_system_refuses_to_any_command_is_a_sentence(number, path, sentence, status):
    error = of_system(OSError(number, os.strerror(number), path))

    assert error is not None
    assert error.message == sentence
    assert exit_code(error.code) == status


def test_what_is_our_own_fault_is_not_worded_as_theirs():
    assert of_system(OSError(errno.ENOENT, "no such file", "/some/file")) is None
    assert of_system(OSError(errno.EBADF, "bad file descriptor")) is None
