import errno
import os

import pytest

from pmdaemon.adapters.launch_failures import cannot_open, cannot_run
from pmdaemon.engine.interfaces import LaunchFailed
from tests.support.system import pidfd_system


@pytest.fixture
async def reason(tmp_path):
    """Give a function that says why an order is refused."""
    async with pidfd_system(tmp_path) as system:

        def reason_for(*argv, **changes):
            with pytest.raises(LaunchFailed) as failure:
                system.launcher.launch(system.order("", argv=argv, **changes))
            assert not failure.value.transient
            return failure.value.reason

        yield reason_for


def a_file(path, content="", mode=0o755):
    path.write_text(content)
    path.chmod(mode)
    return str(path)


async def test_a_missing_program(reason):
    assert reason("/nowhere/app") == "cannot run /nowhere/app: no such file"


async def test_a_program_below_a_file(reason, tmp_path):
    program = a_file(tmp_path / "file") + "/app"

    assert reason(program) == f"cannot run {program}: a part of its path is not a directory"


async def test_a_file_that_is_not_executable(reason, tmp_path):
    program = a_file(tmp_path / "app", "#!/bin/sh\n", mode=0o644)

    assert reason(program) == f"cannot run {program}: permission denied"


async def test_a_directory_as_program(reason, tmp_path):
    program = str(tmp_path)

    assert reason(program) == f"cannot run {program}: it is a directory"
    assert reason(program, cwd=program) == f"cannot run {program}: it is a directory"


async def test_a_script_without_a_first_line_that_says_how_to_run_it(reason, tmp_path):
    program = a_file(tmp_path / "app", "console.log(1)\n")

    assert reason(program) == (
        f"cannot run {program}:"
        " it is neither a program for this machine nor a script that begins with #!"
    )


@pytest.mark.parametrize("first_line", ["#!/no/node\n", "#! /no/node --flag\n", "#!/no/node"])
async def test_a_script_whose_interpreter_is_missing(reason, tmp_path, first_line):
    program = a_file(tmp_path / "app", first_line)

    assert reason(program) == f"cannot run {program}: its interpreter /no/node does not exist"


async def test_a_missing_directory(reason):
    assert reason("/bin/sh", cwd="/nowhere") == "cannot enter /nowhere: no such directory"


async def test_a_directory_that_is_a_file(reason, tmp_path):
    file = a_file(tmp_path / "file")

    assert reason("/bin/sh", cwd=file) == f"cannot enter {file}: not a directory"


async def test_a_directory_that_is_closed_to_us(reason, tmp_path):
    if os.getuid() == 0:
        pytest.skip("nothing is closed to root")
    tmp_path.joinpath("closed").mkdir(mode=0)
    directory = str(tmp_path / "closed")

    assert reason("/bin/sh", cwd=directory) == f"cannot enter {directory}: permission denied"


async def test_a_missing_output(reason):
    assert reason("/bin/sh", stdout="/nowhere/out") == (
        "cannot open /nowhere/out for its output: no such file"
    )


async def test_arguments_that_are_too_large(reason):
    assert reason("/bin/sh", "x" * 4_000_000) == (
        "cannot run /bin/sh: its arguments and environment are too large"
    )


@pytest.mark.parametrize("argument", ["a\0b", "\ud800"])
async def test_arguments_that_no_program_can_get(reason, argument):
    assert reason("/bin/sh", argument) == (
        "cannot run /bin/sh: its arguments hold a character that no program can be given"
    )


async def test_an_environment_that_no_program_can_get(reason):
    assert reason("/bin/sh", env={"A": "a\0b"}) == (
        "cannot run /bin/sh: the environment variable 'A' holds a NUL character"
    )
    assert reason("/bin/sh", env={"A=B": "c"}) == (
        "cannot run /bin/sh: the environment variable 'A=B' has a name with an equals sign"
    )


async def test_a_program_that_is_being_written(reason, tmp_path):
    program = a_file(tmp_path / "app", "#!/bin/sh\n")
    with open(program, "a"):
        assert reason(program) == f"cannot run {program}: it is being written to"


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EAGAIN, "no more processes may be started at the moment"),
        (errno.ENOMEM, "not enough memory"),
        (errno.EMFILE, "too many open files in pmdaemon"),
        (errno.ENFILE, "too many open files in the system"),
    ],
)
async def test_what_the_machine_is_short_of_is_transient(number, words, tmp_path):
    error = OSError(number, os.strerror(number))
    async with pidfd_system(tmp_path) as system:
        order = system.order("", argv=("/bin/app",))

    running, opening = cannot_run(order, error), cannot_open("/a", error)

    assert (running.reason, running.transient) == (f"cannot run /bin/app: {words}", True)
    assert (opening.reason, opening.transient) == (
        f"cannot open /a for its output: {words}",
        True,
    )
