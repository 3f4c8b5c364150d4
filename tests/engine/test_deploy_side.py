import pytest

from pmdaemon.engine.deploy_side import DeploySide
from tests.support.builders import a_process
from tests.support.engine import settle


class Platform:
    def __init__(self, calls):
        self.calls = calls

    async def resume(self):
        self.calls.append("read projects")
        if self.calls.count("read projects") == 1 and "broken" in self.calls:
            raise OSError


class Interrupted:
    def __init__(self, calls):
        self.calls = calls

    async def adopt(self):
        self.calls.append("read deployments")

    async def resume(self):
        self.calls.append("go on")


class Deployer:
    def __init__(self, calls):
        self.calls = calls

    async def make_way(self):
        self.calls.append("make way")

    def last_steps(self):
        return ["deployment 3 of shop"]

    async def close(self):
        self.calls.append("close")


class Live:
    def environment(self, _process):
        return {"A": "1"}

    def visible_folders(self, _process):
        return ("/srv",)


class Parts:
    def __init__(self, calls):
        self.platform, self.deployer, self.live = Platform(calls), Deployer(calls), Live()
        self.interrupted = Interrupted(calls)

    def builds(self):
        return ["a build"]


@pytest.fixture
def calls():
    return []


@pytest.fixture
def side(calls):
    def build():
        calls.append("build")
        return Parts(calls)

    return DeploySide(build)


READ = ["build", "read projects", "read deployments"]


async def test_where_nobody_deploys_nothing_is_loaded_and_nothing_added(side, calls):
    side.start()
    await settle()

    assert list(side.builds()) == []
    assert (side.environment(a_process()), side.visible_folders(a_process())) == ({}, None)
    with pytest.raises(AssertionError):
        side.parts  # noqa: B018 - asking is what is tried
    await side.make_way()
    await side.close()
    assert (calls, side.last_steps()) == ([], ())


async def test_it_is_loaded_once_and_goes_on_when_the_daemon_is_ready(side, calls):
    await side.load()
    await side.load()
    await settle()
    assert calls == READ

    side.start()
    await settle()

    assert calls == [*READ, "go on"]
    assert list(side.builds()) == ["a build"]
    assert (side.environment(a_process()), side.visible_folders(a_process())) == (
        {"A": "1"},
        ("/srv",),
    )


async def test_what_is_loaded_later_goes_on_at_once(side, calls):
    side.start()

    await side.load()
    await settle()

    assert calls == [*READ, "go on"]
    await side.make_way()
    await side.close()
    assert calls[-2:] == ["make way", "close"]
    assert side.last_steps() == ["deployment 3 of shop"]


async def test_what_could_not_be_read_is_read_again(side, calls):
    calls.append("broken")
    with pytest.raises(OSError):  # noqa: PT011 - one of our own
        await side.load()

    await side.load()

    assert calls == ["broken", "build", "read projects", "read projects", "read deployments"]
