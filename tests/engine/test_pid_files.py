from pmdaemon.core.process import Exit, Online
from pmdaemon.core.selectors import Selector
from pmdaemon.engine.pid_files import path_of
from tests.support.builders import a_process, a_run, an_app
from tests.support.engine import settle

WEB = [Selector.parse("web")]
PATH = "/run/web.pid"


async def test_the_pid_is_there_as_long_as_the_program_runs(parts):
    await parts.start(an_app(pid_file=PATH))
    assert parts.pid_notes.pids == {PATH: parts.identity(0).pid}

    await parts.engine.processes.stop(WEB)
    assert parts.pid_notes.pids == {}


async def test_the_pid_is_that_of_the_latest_run(parts):
    await parts.start(an_app(pid_file=PATH))

    parts.launcher.end(parts.identity(0), Exit(code=1))
    await settle()

    assert parts.pid_notes.pids == {PATH: parts.identity(0).pid}


async def test_of_several_instances_each_has_its_file(parts):
    await parts.start(an_app(pid_file=PATH, instances=2))

    assert parts.pid_notes.pids == {
        "/run/web-0.pid": parts.identity(0).pid,
        "/run/web-1.pid": parts.identity(1).pid,
    }


async def test_what_runs_already_is_written_down_at_the_start(parts):
    parts.pid_notes.pids.clear()
    process = a_process(spec=an_app(pid_file=PATH), state=Online(a_run(pid=99)))

    parts.triggers.pid_files.start({0: process})

    assert parts.pid_notes.pids == {PATH: 99}


def test_a_name_without_an_ending_gets_the_instance_at_its_end():
    process = a_process(spec=an_app(pid_file="/run/web", instances=2), instance=1)

    assert path_of(process) == "/run/web-1"
