import asyncio
import os

import pytest

from pmdaemon.adapters.keeper_link import KeeperLink
from pmdaemon.config.paths import Home
from pmdaemon.core.selectors import Selector
from pmdaemon.core.spec import Command
from pmdaemon.daemon.wiring import assemble
from tests.support.builders import an_app


@pytest.mark.posix
async def test_the_parts_fit_together(tmp_path):
    home = Home(str(tmp_path))
    home.ensure()
    parts = assemble(home, child_nofile=None, parent=1, keeper=KeeperLink())
    await parts.store.open()
    supervising = asyncio.get_running_loop().create_task(
        parts.supervisor.run(parts.effects.carry_out)
    )
    spec = an_app(command=Command("sleep", (), None, ("/bin/sleep", "1000")), cwd="/")
    try:
        (started,) = await parts.engine.processes.start_apps([spec], existing="refuse")
        pid = started.process.pid
        assert os.readlink(f"/proc/{pid}/exe").endswith(("sleep", "coreutils", "busybox"))
        assert started.sample.processes == 1
    finally:
        await parts.engine.processes.delete([Selector.parse("all")])
        supervising.cancel()
        await parts.store.close()

    assert not os.path.exists(f"/proc/{pid}")


def test_nothing_is_started_or_made_by_assembling(tmp_path):
    home = Home(str(tmp_path))

    parts = assemble(home, child_nofile=None, parent=1, keeper=KeeperLink())

    assert list(tmp_path.iterdir()) == []
    assert parts.engine.home == str(tmp_path)
    assert parts.engine.web.address is None
