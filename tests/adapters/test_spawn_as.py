import os
import resource

import pytest

from pmdaemon.adapters.spawn_as import is_asked_for
from pmdaemon.core.spec import Limits, RunAs
from pmdaemon.engine.interfaces import LaunchFailed
from tests.support.system import pidfd_system

pytestmark = pytest.mark.posix

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may run a program as another")


@pytest.fixture
async def system(tmp_path):
    async with pidfd_system(tmp_path) as system:
        yield system


async def test_a_program_that_asks_for_nothing_is_started_the_short_way(system):
    assert not is_asked_for(system.order("true"))
    assert is_asked_for(system.order("true", limits=Limits(umask=0o77)))
    assert is_asked_for(system.order("true", run_as=RunAs(uid=0)))


async def test_it_starts_with_its_umask_its_niceness_and_its_limits(system):
    limits = Limits(nice=7, umask=0o077, resources={"core": 0, "nofile": 123})

    printed = await system.said("umask; nice; ulimit -c; ulimit -n", limits=limits)
    umask, nice, core, files = printed.split()

    assert (int(umask, 8), nice, core, files) == (0o077, "7", "0", "123")


async def test_our_own_limits_stay_as_they_were(system):
    before = resource.getrlimit(resource.RLIMIT_NOFILE), os.getpriority(os.PRIO_PROCESS, 0)

    await system.said("echo x", limits=Limits(nice=7, resources={"nofile": 123}))

    after = resource.getrlimit(resource.RLIMIT_NOFILE), os.getpriority(os.PRIO_PROCESS, 0)
    assert after == before


async def test_it_leads_a_session_of_its_own_and_carries_the_token(system):
    identity = system.launch("exec sleep 1000", token="home.1.1", limits=Limits(umask=0o22))

    assert os.getsid(identity.pid) == identity.pid
    assert list(system.trees.find_launched(["home.1.1"])) == ["home.1.1"]


@as_root
async def test_it_has_the_user_and_the_groups_it_is_to_have_and_none_of_ours(system):
    run_as = RunAs(uid=65534, gid=65534, groups=(65534, 100))

    said = await system.said("id -u; id -g; id -G", run_as=run_as)
    assert said.split() == ["65534", "65534", "65534", "100"]


@as_root
async def test_it_can_open_its_output_again(system):
    run_as = RunAs(uid=65534, gid=65534)

    assert await system.said("echo again > /dev/stdout", run_as=run_as) == "again"


@as_root
async def test_it_cannot_become_us_again(system):
    program = "python3 -c 'import os; os.setuid(0)' 2>/dev/null && echo root || echo nobody"

    assert (await system.said(program, run_as=RunAs(uid=65534, gid=65534))).split()[-1] == "nobody"


async def test_what_is_refused_is_said_with_its_reason(system):
    if os.geteuid() == 0:
        limits = Limits(resources={"nofile": 2**40})
        words = "its rights or limits are refused"
    else:
        limits, words = Limits(nice=-20), "only a daemon that runs as root"

    with pytest.raises(LaunchFailed, match=words):
        system.launcher.launch(system.order("true", limits=limits))


async def test_a_program_that_does_not_exist_is_said_to_be_so(system):
    order = system.order("", argv=("/no/such",), limits=Limits(umask=0o22))

    with pytest.raises(LaunchFailed, match="cannot run /no/such: no such file"):
        system.launcher.launch(order)
