"""A screen without a terminal, in front of a daemon that gives prepared answers."""

from contextlib import asynccontextmanager

import pytest

from pmdaemon.cli.monit.app import Monitor
from pmdaemon.client.asynchronous import AsyncClient
from tests.support.views import a_view
from tests.support.waiting import eventually

HOST = {
    "cpu": 12.0, "memory": {"total": 1000, "used": 400, "free": 600},
    "hostname": "here", "platform": "linux", "arch": "x86_64", "uptime": 1.0, "cores": 2,
    "load_average": [0.0, 0.0, 0.0], "disk": {"total": 1, "used": 0, "free": 1},
}  # fmt: skip


class Screen:
    """What is seen, and the keys."""

    def __init__(self, app, pilot):
        self.app = app
        self.pilot = pilot

    @property
    def text(self):
        """Read the screen, as somebody who sees no colours."""
        lines = self.app.screen._compositor.render_strips(self.app.size)
        return "\n".join(strip.text.rstrip() for strip in lines)

    async def shows(self, *texts):
        try:
            await eventually(lambda: all(text in self.text for text in texts))
        except AssertionError as error:
            raise AssertionError(f"{texts} is not on the screen:\n{self.text}") from error

    async def hides(self, text):
        await eventually(lambda: text not in self.text)

    async def press(self, *keys):
        await self.pilot.press(*keys)


@pytest.fixture
def processes(daemon, tmp_path):
    """Three processes: one prints, one is in trouble."""
    files = {"out_file": str(tmp_path / "web.out"), "error_file": str(tmp_path / "web.err")}
    (tmp_path / "web.out").write_text("hello\n\x1b[31mred\x1b[0m [brackets]\n")
    (tmp_path / "web.err").write_text("oh no\n")
    views = [
        a_view("web", cpu=42.0, **files),
        a_view("api", pm_id=1, namespace="shop", out_file=str(tmp_path / "a"), error_file=""),
        a_view("bad", pm_id=2, pid=None, state="errored", reason="no such file: bad.js"),
    ]
    daemon.held = {"follow"}
    daemon.answers("host", {"result": HOST})
    daemon.answers("list", {"result": {"processes": views}})
    return views


@pytest.fixture
def a_screen(home):
    @asynccontextmanager
    async def screen(columns=80, rows=24, *, unicode=True):
        client = AsyncClient(home, environment={}, start=False)
        app = Monitor(client, unicode=unicode)
        async with app.run_test(size=(columns, rows), notifications=True) as pilot:
            yield Screen(app, pilot)

    return screen
