import errno
import fcntl
import os
import resource
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack, closing

import pytest

from pmdaemon.adapters.launcher import SpawnLauncher
from pmdaemon.adapters.pidfd import PidfdHandles
from pmdaemon.adapters.proc_table import ProcReader
from pmdaemon.core.process import Exit
from pmdaemon.core.spec import Limits
from pmdaemon.engine.interfaces import Equipment, LaunchFailed, LaunchOrder
from tests.fakes.process_reader import FakeProcessReader
from tests.support.limits import limited, no_descriptor_free
from tests.support.running import children_of
from tests.support.system import REAL_SYSTEMS, Program, pidfd_system
from tests.support.waiting import eventually

pytestmark = pytest.mark.posix


@pytest.fixture(params=REAL_SYSTEMS)
async def system(request, tmp_path):
    async with request.param(tmp_path) as system:
        yield system


@pytest.fixture
async def linux(tmp_path):
    async with pidfd_system(tmp_path) as system:
        yield system


@pytest.fixture
async def a_launcher(proc_reader):
    """Make launchers beside that of the system, which are closed at the end."""
    with ExitStack() as stack:

        def make(reader=proc_reader, **more):
            handles = stack.enter_context(closing(PidfdHandles(reader)))
            return stack.enter_context(closing(SpawnLauncher(reader, handles, **more)))

        yield make


@pytest.fixture
def our_input():
    """Give us an input of our own, from which something could be read."""
    reading, writing = os.pipe()
    os.write(writing, b"ours")
    before = os.dup(0)
    os.dup2(reading, 0)
    yield
    os.dup2(before, 0)
    for file in reading, writing, before:
        os.close(file)


async def test_a_program_leads_a_session_of_its_own(system):
    identity = system.launch(Program.STAYS)

    assert os.getsid(identity.pid) == os.getpgid(identity.pid) == identity.pid
    assert identity.pid != os.getsid(0)


async def test_a_program_gets_its_environment_and_the_token_and_nothing_of_ours(
    system, monkeypatch
):
    monkeypatch.setenv("OURS", "ours")

    output = await system.said(
        "/usr/bin/env", env={"PATH": os.defpath, "A": "ä b"}, token="the token"
    )

    variables = dict(line.split("=", 1) for line in output.splitlines())
    assert variables["A"] == "ä b"
    assert variables["PMDAEMON_TOKEN"] == "the token"
    assert "OURS" not in variables


async def test_a_program_runs_in_its_directory(system, tmp_path):
    assert await system.said("pwd -P", cwd=str(tmp_path)) == str(tmp_path.resolve())


async def test_a_program_reads_nothing_from_its_input(system, our_input):
    assert await system.said("readlink /proc/self/fd/0; cat") == "/dev/null"


async def test_a_program_has_no_file_of_ours(linux, a_launcher, tmp_path):
    with (tmp_path / "ours").open("w"), (tmp_path / "given").open("w") as given:
        os.set_inheritable(given.fileno(), True)
        linux.launcher = a_launcher()

        files = await linux.said("ls /proc/$$/fd")

    assert files.split() == ["0", "1", "2"]


async def test_what_we_were_given_stays_ours_whatever_its_number(linux, a_launcher, raised_limit):
    given = os.dup(0)
    high = fcntl.fcntl(given, fcntl.F_DUPFD, raised_limit[0] + 50)
    os.close(given)
    try:
        linux.launcher = a_launcher(child_nofile=raised_limit)

        files = await linux.said("ls /proc/$$/fd")

        assert files.split() == ["0", "1", "2"]
        assert os.get_inheritable(high)
    finally:
        os.close(high)


async def test_a_program_heeds_the_signals_that_python_ignores(system):
    status = await system.said("grep ^SigIgn /proc/self/status; exec 2>&1")

    ignored = int(status.split()[1], 16)
    assert not ignored & (1 << signal.SIGPIPE - 1 | 1 << signal.SIGXFSZ - 1)


async def test_no_directory_is_held_by_the_launcher(system, tmp_path):
    system.launch(Program.STAYS, cwd=str(tmp_path))

    assert os.getcwd() == "/"


async def test_which_process_it_is_is_read_once_a_start(linux, monkeypatch):
    reads = []
    entry = ProcReader.entry
    monkeypatch.setattr(
        ProcReader, "entry", lambda self, pid: reads.append(pid) or entry(self, pid)
    )

    identity = linux.launch(Program.STAYS)
    linux.launcher.watch(identity, lambda *_: None)

    assert reads == [identity.pid]
    linux.launcher.watch(identity, lambda *_: None)
    assert reads == [identity.pid] * 2


async def test_an_output_that_cannot_be_opened_is_named(linux):
    order = linux.order(Program.STAYS, stderr="/nowhere/0.err")

    with pytest.raises(LaunchFailed) as failure:
        linux.launcher.launch(order)

    assert failure.value.reason == "cannot open /nowhere/0.err for its output: no such file"


async def test_outputs_are_opened_for_reading_too_so_that_no_write_ever_fails(system):
    flags = await system.said("cat /proc/self/fdinfo/1 /proc/self/fdinfo/2")

    modes = [int(line.split()[1], 8) for line in flags.splitlines() if line.startswith("flags")]
    assert [mode & os.O_ACCMODE for mode in modes] == [os.O_RDWR, os.O_RDWR]
    assert not any(mode & os.O_NONBLOCK for mode in modes)


async def test_nothing_stays_open_in_us(system):
    before = os.listdir("/proc/self/fd")

    system.launch(Program.STAYS)

    assert os.listdir("/proc/self/fd") == before


async def test_the_exit_of_an_adopted_program_is_unknown(system):
    identity = await system.settled(Program.LEAVES_A_CHILD)
    ends: list[Exit] = []
    (orphan,) = system.members(identity)
    system.launcher.watch(orphan, lambda _, how: ends.append(how))

    system.trees.signal([orphan], "SIGKILL")

    await eventually(lambda: ends)
    assert ends == [Exit()]


async def test_another_launcher_of_the_same_daemon_can_tell_the_exit(linux, a_launcher):
    ends: list[Exit] = []
    identity = linux.launch(Program.FAILS)

    a_launcher().watch(identity, lambda _, how: ends.append(how))

    await eventually(lambda: ends)
    assert ends == [Exit(code=3)]


@pytest.fixture
def raised_limit():
    """Let us have more files open than programs are to have, as the daemon does."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with limited(resource.RLIMIT_NOFILE, hard):
        yield 256, hard


@pytest.fixture
def limiting(linux, a_launcher, raised_limit):
    """Start programs with a lower limit than ours."""
    linux.launcher = a_launcher(child_nofile=raised_limit)
    return linux


async def test_a_program_has_the_limit_on_open_files_from_its_first_moment(limiting, raised_limit):
    seen = {await limiting.said("ulimit -Sn; ulimit -Hn") for _ in range(10)}

    assert seen == {f"256\n{raised_limit[1]}"}


async def test_our_own_limit_stays_also_when_a_program_cannot_be_started(limiting, raised_limit):
    limiting.launch(Program.STAYS)
    with pytest.raises(LaunchFailed):
        limiting.launch("", argv=("/nowhere",))

    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (raised_limit[1], raised_limit[1])


async def test_with_more_files_open_than_programs_may_have_they_still_start(limiting, raised_limit):
    many = [os.open("/dev/null", os.O_RDONLY) for _ in range(300)]
    try:
        identity = limiting.launch(Program.STAYS)
    finally:
        for file in many:
            os.close(file)

    assert resource.prlimit(identity.pid, resource.RLIMIT_NOFILE) == raised_limit


async def test_a_program_can_be_started_when_we_can_open_nothing_more(linux):
    order = linux.order(Program.STAYS)
    with no_descriptor_free():
        identity = linux.launcher.launch(order)

    linux.launched[identity] = order.token
    assert linux.trees.find_launched([order.token]) == {order.token: identity}


async def test_a_process_that_cannot_be_identified_is_ended_again(linux, a_launcher):
    blind = a_launcher(FakeProcessReader())
    order = linux.order(Program.STAYS)
    before = children_of(os.getpid())

    with pytest.raises(LaunchFailed) as failure:
        blind.launch(order)

    assert failure.value.transient
    assert linux.trees.find_launched([order.token]) == {}
    assert set(children_of(os.getpid())) <= set(before)


async def test_the_want_of_processes_is_transient(linux):
    if os.getuid() == 0:
        pytest.skip("root may start any number of processes")
    limits = resource.getrlimit(resource.RLIMIT_NPROC)
    resource.setrlimit(resource.RLIMIT_NPROC, (1, limits[1]))
    try:
        with pytest.raises(LaunchFailed) as failure:
            linux.launcher.launch(linux.order(Program.STAYS))
    finally:
        resource.setrlimit(resource.RLIMIT_NPROC, limits)

    assert failure.value.transient
    assert isinstance(failure.value.__cause__, OSError)
    assert failure.value.__cause__.errno == errno.EAGAIN


def test_a_program_whose_launcher_is_dropped_makes_no_warning(tmp_path):
    program = f"""
import asyncio, gc
from pathlib import Path
from tests.support.system import Program, pidfd_system

async def main():
    async with pidfd_system(Path({str(tmp_path)!r})) as system:
        system.launch(Program.STAYS)
        gc.collect()

asyncio.run(main())
"""
    result = subprocess.run(
        [sys.executable, "-W", "always", "-c", program], capture_output=True, text=True, check=False
    )

    assert (result.returncode, result.stderr) == (0, "")


async def test_a_program_inherits_descriptors_as_3_and_4(linux):
    with socket.create_server(("127.0.0.1", 0)) as first, socket.socket() as second:
        equipment = Equipment(inherited=(first.fileno(), second.fileno()))
        names = "readlink /proc/self/fd/3 /proc/self/fd/4; ls /proc/self/fd | wc -l"

        printed = await linux.said(names, equipment=equipment)

        expected = [os.readlink(f"/proc/self/fd/{each.fileno()}") for each in (first, second)]
    # Beside these there are the three usual ones, and the folder that is listed.
    assert printed.split() == [*expected, "6"]


@pytest.mark.parametrize("limits", [Limits(), Limits(resources={"core": 0})])
async def test_a_program_inherits_a_descriptor_whatever_else_it_is_to_have(linux, limits):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        equipment = Equipment(inherited=(listener.fileno(),))

        printed = await linux.said("readlink /proc/self/fd/3", equipment=equipment, limits=limits)

        assert printed == os.readlink(f"/proc/self/fd/{listener.fileno()}")


@pytest.mark.usefixtures("raised_limit")
async def test_a_program_inherits_a_descriptor_also_where_ours_have_high_numbers(
    a_launcher, tmp_path
):
    launcher = a_launcher(child_nofile=(512, 512))
    files = [os.open(os.devnull, os.O_RDONLY) for _ in range(600)]
    try:
        fifo = str(tmp_path / "out")
        os.mkfifo(fifo)
        reading = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)
        identity = launcher.launch(
            LaunchOrder(
                argv=("/bin/sh", "-c", "readlink /proc/self/fd/3"),
                cwd="/",
                env={"PATH": os.defpath},
                token="t.1",
                stdout=fifo,
                stderr=fifo,
                equipment=Equipment(inherited=(files[-1],)),
            )
        )
        ends = []
        launcher.watch(identity, lambda *end: ends.append(end))
        await eventually(lambda: ends)
        assert os.read(reading, 100) == b"/dev/null\n"
        os.close(reading)
    finally:
        for file in files:
            os.close(file)


async def test_a_program_may_be_told_its_own_pid(linux):
    printed = await linux.said("echo $$ $ME", equipment=Equipment(pid_variable="ME"))

    pid, told = printed.split()
    assert pid == told == str(next(iter(linux.launched)).pid)


@pytest.mark.parametrize("program", ["/nowhere/at/all", "/etc/passwd"])
async def test_a_program_that_cannot_be_run_is_refused_also_when_it_is_told_its_pid(linux, program):
    order = linux.order("", argv=(program,), equipment=Equipment(pid_variable="ME"))

    with pytest.raises(LaunchFailed, match=f"cannot run {program}: "):
        linux.launcher.launch(order)
