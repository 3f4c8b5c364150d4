import asyncio
import os
import pkgutil
import re
from importlib import import_module

import pytest

from pmdaemon import __version__
from pmdaemon.control import messages
from pmdaemon.core.errors import StoreUnavailable
from pmdaemon.core.selectors import Selector
from pmdaemon.core.spec import Job, Schedule
from pmdaemon.server.control_verbs import verbs
from tests.support.builders import an_app
from tests.support.control import ControlScene, controlled
from tests.support.waiting import eventually

DECLARED = {"cwd": "/", "environment": {"PATH": os.defpath}}


class Scene(ControlScene):
    async def start(self, *names, **fields):
        apps = [{"name": name, "script": "/bin/true", **fields} for name in names]
        return await self.result("start", apps=apps, **DECLARED)

    async def following(self, *selectors):
        """Follow, and take the first items, which name every stream once."""
        client = await self.streaming("follow", selectors=list(selectors))
        matching = len((await self.result("list", selectors=list(selectors)))["processes"])
        for _ in range(2 * matching):
            await client.receive()
        return client

    def write(self, pm_id, stream="out"):
        self.parts.capture.write(f"/run/{pm_id}/{stream}", b"a line\n")
        self.parts.capture.turn()


@pytest.fixture
async def scene(tmp_path):
    async with controlled(tmp_path, Scene) as scene:
        yield scene


def shown(result):
    return [(one["pm_id"], one["name"], one["state"]) for one in result["processes"]]


async def test_a_ping_says_who_is_there(scene, tmp_path):
    assert await scene.result("ping") == {
        "pid": os.getpid(),
        "version": __version__,
        "home": str(tmp_path),
    }


async def test_the_machine_is_told_of(scene):
    host = await scene.result("host")

    assert host["memory"].keys() == {"total", "used", "free"}
    assert {"hostname", "uptime", "cores", "cpu", "load_average", "disk"} < host.keys()


async def test_a_program_is_declared_and_started_by_its_path(scene):
    result = await scene.result("start", target="/bin/true", options={"name": "web"}, **DECLARED)

    assert shown(result) == [(0, "web", "online")]
    assert result["warnings"] == []


async def test_who_mistypes_a_name_is_told_which_may_be_meant(scene):
    await scene.start("web")

    refusal = await scene.refusal("start", target="wbe", **DECLARED)

    assert refusal["code"] == "script_not_found"
    assert refusal["message"].startswith("cannot run wbe: no such file or program (looked in ")
    assert refusal["message"].endswith("); did you mean web?")


async def test_whatever_else_is_wrong_with_a_program_is_not_a_mistyped_name(scene):
    await scene.start("web")

    refusal = await scene.refusal("start", target="./wbe", options={"port": "0"}, **DECLARED)

    assert "did you mean" not in refusal["message"]


async def test_a_name_that_exists_is_started_and_not_taken_for_a_program(scene):
    await scene.start("web")
    await scene.result("stop", selectors=["web"])

    assert shown(await scene.result("start", target="web", **DECLARED)) == [(0, "web", "online")]


async def test_options_for_what_exists_already_are_not_dropped_silently(scene):
    await scene.start("web")
    await scene.result("stop", selectors=["web"])

    result = await scene.result("start", target="web", options={"port": "3000"}, **DECLARED)

    [warning] = result["warnings"]
    assert warning.startswith("web is there already, and keeps its options")


async def test_a_program_whose_name_is_taken_is_refused_unless_told_otherwise(scene):
    await scene.start("web")
    body = {"target": "/bin/true", "options": {"name": "web"}, **DECLARED}

    assert (await scene.refusal("start", **body))["code"] == "app_already_exists"

    assert shown(await scene.result("start", existing="restart", **body)) == [(0, "web", "online")]


async def test_apps_of_a_file_are_started_anew_unless_told_otherwise(scene):
    await scene.start("web")
    before = scene.parts.identity(0)

    await scene.start("web")

    assert scene.parts.identity(0) != before


async def test_apps_can_be_listed_without_being_started(scene):
    apps = [{"name": "web", "script": "/bin/true"}]

    result = await scene.result("start", apps=apps, existing="keep", down=True, **DECLARED)

    assert shown(result) == [(0, "web", "stopped")]


async def test_a_wrong_declaration_is_refused_with_its_source_and_nothing_is_started(scene):
    apps = [{"name": "a", "script": "/bin/true"}, {"name": "b", "script": "/bin/true", "port": 0}]

    error = await scene.refusal("start", apps=apps, source="apps.json", **DECLARED)

    assert error["code"] == "invalid_configuration"
    assert "apps.json" in error["message"]
    assert scene.parts.supervisor.processes == {}


async def test_nothing_to_start_is_refused(scene):
    assert (await scene.refusal("start", **DECLARED))["code"] == "invalid_input"


@pytest.mark.parametrize(
    ("verb", "state"), [("stop", "stopped"), ("restart", "online"), ("reset", "online")]
)
async def test_a_verb_acts_on_what_was_selected_and_shows_it(scene, verb, state):
    await scene.start("web", "api")

    result = await scene.result(verb, selectors=["api"])

    assert shown(result) == [(1, "api", state)]
    assert scene.parts.state(0) == "online"


async def test_what_was_deleted_is_shown_as_it_was(scene):
    await scene.start("web")

    assert shown(await scene.result("delete", selectors=["0"])) == [(0, "web", "online")]

    assert shown(await scene.result("list")) == []


async def test_a_flush_empties_the_files(scene):
    await scene.start("web")
    scene.write(0)

    (one,) = (await scene.result("flush", selectors=["web"]))["processes"]

    assert scene.parts.capture.contents[one["out_file"]] == b""


async def test_a_list_is_of_all_or_of_the_selected_and_has_detail_on_request(scene):
    await scene.start("web", "api")

    everything = await scene.result("list")
    (selected,) = (await scene.result("list", selectors=["api"], detail=True))["processes"]

    assert [one["name"] for one in everything["processes"]] == ["web", "api"]
    assert all("declaration" not in one for one in everything["processes"])
    assert (selected["name"], selected["declaration"]["command"]["argv"]) == ("api", ["/bin/true"])


@pytest.mark.parametrize("verb", ["stop", "restart", "delete", "reset", "flush", "list", "follow"])
async def test_what_names_nothing_is_refused_by_every_verb(scene, verb):
    await scene.start("web")

    error = await scene.refusal(verb, selectors=["wbe"])

    assert error["code"] == "process_not_found"
    assert error["details"] == {"requested": "wbe", "available": ["web"]}


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("stop", {}),
        ("stop", {"selectors": "web"}),
        ("stop", {"selectors": [1]}),
        ("list", {"detail": "yes"}),
        ("list", {"selectors": None}),
        ("start", {"target": "web"}),
        ("start", {"apps": [], "cwd": 7, "environment": {}}),
        ("start", {"apps": {}, "cwd": "/", "environment": {}}),
        ("start", {"target": "web", "cwd": "/", "environment": {"A": 1}}),
        ("start", {"target": "web", "cwd": "/", "environment": {}, "existing": "explode"}),
        ("web", {"host": "localhost"}),
        ("web", {"host": "localhost", "port": "80", "detach": True}),
        ("web", {"host": 1, "port": 80, "detach": True}),
    ],
)
async def test_a_body_of_the_wrong_shape_is_refused(scene, verb, body):
    error = await scene.refusal(verb, **body)

    assert error["code"] == "invalid_input"
    assert error["message"].startswith("this request cannot be used: ")


def _bodies():
    names = [module.name for module in pkgutil.iter_modules(messages.__path__)]
    modules = [messages, *(import_module(f"{messages.__name__}.{name}") for name in names)]
    types = {name: found for module in modules for name, found in vars(module).items()}
    return [found for name, found in types.items() if name.endswith("Body") and name != "ErrorBody"]


async def test_every_verb_that_is_documented_is_there_and_no_other(scene):
    documented = set()
    for body in _bodies():
        introduction = body.__doc__.partition(":")[0]
        documented |= set(re.findall(r"`(\w+)`", introduction))

    assert set(verbs(scene.parts.engine)) == documented


# follow


async def test_a_follower_is_told_every_stream_once_at_first(scene):
    await scene.start("web", "api")

    client = await scene.streaming("follow", selectors=["web"])

    assert [await client.receive() for _ in range(2)] == [
        {"item": {"pm_id": 0, "stream": "out"}},
        {"item": {"pm_id": 0, "stream": "err"}},
    ]


async def test_a_follower_is_told_of_growth_of_what_it_follows_only(scene):
    await scene.start("web", "api")
    client = await scene.following("api")

    scene.write(0)
    scene.write(1, "err")

    assert await client.receive() == {"item": {"pm_id": 1, "stream": "err"}}


async def test_a_follower_is_told_of_states(scene):
    await scene.start("web")
    client = await scene.following("web")

    await scene.result("stop", selectors=["web"])

    states = []
    while not states or states[-1] != "stopped":
        item = (await client.receive())["item"]
        assert (item["pm_id"], item["name"]) == (0, "web")
        states.append(item["state"])
    assert set(states) <= {"stopping", "stopped"}


async def test_a_follower_of_what_vanished_is_told_when_it_comes_again(scene):
    await scene.start("other", "web")
    client = await scene.following("web")

    await scene.result("delete", selectors=["web"])
    await scene.start("web")

    while (item := (await client.receive())["item"]).get("state") != "online":
        assert item["pm_id"] in {1, 2}
    assert item["pm_id"] == 2


async def test_a_new_process_of_a_namespace_that_is_followed_is_told_of(scene):
    await scene.start("a", namespace="shop")
    client = await scene.following("shop")

    await scene.start("b", namespace="shop")

    while (item := (await client.receive())["item"]).get("state") != "online":
        assert item["pm_id"] == 1
    assert item["name"] == "b"


async def test_growth_is_nobodys_business_when_the_last_follower_has_left(scene):
    await scene.start("web")
    before = len(scene.parts.bus._subscribers)
    client = await scene.following("web")
    assert scene.parts.capture._on_growth is not None

    client.leave()

    await eventually(lambda: scene.parts.capture._on_growth is None)
    assert len(scene.parts.bus._subscribers) == before


async def test_a_follower_that_never_reads_costs_nothing_and_blocks_nobody(scene):
    await scene.start("web")
    before = len(scene.parts.bus._subscribers)
    lazy = await scene.streaming("follow", selectors=["web"])
    lazy._reader._transport.pause_reading()
    diligent = await scene.following("web")

    for _ in range(5000):
        scene.write(0)
        await asyncio.sleep(0)

    assert await diligent.receive() == {"item": {"pm_id": 0, "stream": "out"}}
    conversations = scene.channel.control._conversations.values()
    waiting = [one._writer.transport.get_write_buffer_size() for one in conversations]
    assert max(waiting) < 256 * 1024
    lazy.leave()
    await eventually(lambda: len(scene.parts.bus._subscribers) == before + 1)


# the end


async def test_a_kill_stops_everything_for_good_and_ends_the_daemon(scene):
    await scene.start("web", "api")

    result = await scene.result("kill")

    assert shown(result) == [(0, "web", "stopped"), (1, "api", "stopped")]
    assert (result["pid"], result["keeper"]) == (os.getpid(), os.getppid())
    await scene.parts.engine.ending.wait()
    assert scene.parts.engine.ending.for_good


async def test_a_kill_ends_the_daemon_also_when_something_cannot_be_stopped(scene):
    await scene.start("web")
    scene.parts.store.failure = StoreUnavailable("its disk is full")

    refusal = await scene.refusal("kill")

    assert refusal["code"] == "store_unavailable"
    assert refusal["message"] == (
        "its disk is full; all is ended, but the next daemon starts it again"
    )
    await scene.parts.engine.ending.wait()


async def test_an_update_ends_the_daemon_and_stops_nothing(scene):
    await scene.start("web")

    assert await scene.result("update") == {"pid": os.getpid(), "version": __version__}

    assert not scene.parts.engine.ending.for_good
    assert scene.parts.state(0) == "online"


# blocking, explaining, and the history of jobs


async def test_what_is_blocked_is_refused_and_explained(scene):
    await scene.start("web")
    await scene.result("stop", selectors=["web"])

    blocked = await scene.result("block", selectors=["web"])
    (explained,) = (await scene.result("explain", selectors=["web"]))["explanations"]
    unblocked = await scene.result("unblock", selectors=["web"])

    assert blocked["processes"][0]["wish"] == "blocked"
    assert (explained["name"], explained["wish"]) == ("web", "blocked")
    assert "It is blocked: nothing starts it until pmdaemon unblock web." in explained["sentences"]
    assert unblocked["processes"][0]["wish"] == "down"


async def test_the_history_of_all_may_be_of_none(scene):
    assert await scene.result("history", selectors=["all"]) == {"runs": []}


async def test_the_history_is_that_of_jobs(scene):
    job = an_app(name="report", job=Job(Schedule("0 3 * * *")))
    await scene.parts.start(job, an_app(name="web"))
    await scene.parts.engine.processes.start([Selector.parse("report")])

    (run,) = (await scene.result("history"))["runs"]

    assert (run["app"], run["outcome"], run["due"], run["ended"]) == (
        "report",
        "running",
        None,
        None,
    )
    refused = await scene.refusal("history", selectors=["web"])
    assert refused["message"] == "there is no history of web: it is not a job"
    assert (await scene.refusal("history", limit=0))["code"] == "invalid_input"


async def test_a_stop_says_when_a_schedule_will_start_it_again(scene):
    scheduled = an_app(name="nightly", cron_restart=Schedule("0 3 * * *"))
    await scene.parts.start(scheduled, an_app(name="web"))

    assert "warnings" not in await scene.result("stop", selectors=["web"])
    (warning,) = (await scene.result("stop", selectors=["nightly"]))["warnings"]

    assert warning.startswith("nightly is stopped, and its schedule will start it again")


async def test_a_reload_answers_with_what_it_did_and_with_what_it_could_only_restart(scene):
    await scene.start("web")

    done = await scene.result("reload", selectors=["web"])

    assert [(one["name"], one["restarts"]) for one in done["processes"]] == [("web", 1)]
    assert done["warnings"] == [
        (
            "web cannot run beside itself, so it was restarted:"
            " it is no cluster, and has no other TCP port to go to"
        )
    ]


@pytest.mark.parametrize("verb", ["restart", "reload"])
async def test_what_is_to_change_holds_from_then_on(scene, verb):
    await scene.start("web")

    await scene.result(
        verb, selectors=["web"], options={"max_restarts": 3}, environment={"COLOUR": "red"}
    )

    spec = scene.parts.supervisor.processes[0].spec
    assert (spec.restart.max_restarts, spec.inherited_env) == (3, {"COLOUR": "red"})
    assert scene.parts.launcher.orders[-1].env["COLOUR"] == "red"


async def test_nothing_is_restarted_for_a_change_that_cannot_be(scene):
    await scene.start("web")

    refusal = await scene.refusal("restart", selectors=["web"], options={"script": "/bin/false"})

    assert refusal["code"] == "invalid_input"
    assert scene.parts.supervisor.processes[0].restarts == 0


async def test_fewer_than_one_at_a_time_cannot_be_reloaded(scene):
    refusal = await scene.refusal("reload", selectors=["web"], parallel=0)

    assert refusal["message"] == "cannot reload 0 instances at a time"


async def test_an_app_is_scaled_by_its_name(scene):
    await scene.start("web")

    scaled = await scene.result("scale", name="web", count="+2")

    assert [one["instance"] for one in scaled["processes"]] == [0, 1, 2]
    assert (await scene.refusal("scale", name="wbe", count="2"))["code"] == "process_not_found"
    assert (await scene.refusal("scale", name="web", count="-9"))["code"] == "invalid_input"


async def test_a_signal_is_sent_by_name_or_number(scene):
    await scene.start("web")
    pid = scene.parts.identity(0).pid

    await scene.result("signal", selectors=["web"], signal="usr2")

    assert scene.parts.trees.signals == [(pid, "SIGUSR2")]
    refusal = await scene.refusal("signal", selectors=["web"], signal="SIGNONSENSE")
    assert refusal["code"] == "invalid_input"
