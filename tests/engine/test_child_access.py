import pytest

from pmdaemon.core.access import Principal, Scope
from pmdaemon.core.errors import HomeUnusable
from pmdaemon.core.process import Online, Starting, Stopped
from pmdaemon.engine.child_access import LIFETIME, ChildAccess, Folders
from tests.fakes.clock import FakeClock
from tests.fakes.tokens import FakeTokenMint
from tests.support.builders import a_process, a_run, an_app

UP = a_process(pm_id=3, launch=5, state=Online(a_run()))


class Scene:
    def __init__(self):
        self.clock, self.mint = FakeClock(), FakeTokenMint()
        self.url = "http://127.0.0.1:9615"
        self.processes = [UP]
        self.access = ChildAccess(
            clock=self.clock,
            mint=self.mint,
            folders=Folders("/data", "/temp"),
            url=lambda: self.url,
            processes=lambda: self.processes,
        )

    def token(self, process=UP):
        return self.access.environment(process)["PUP_API_TOKEN"]


@pytest.fixture
def scene():
    return Scene()


def test_a_program_finds_who_it_is_and_how_it_reaches_us(scene):
    variables = scene.access.environment(UP)

    token = variables.pop("PUP_API_TOKEN")
    assert variables == {
        "PUP_PROCESS_ID": "web",
        "PUP_DATA_STORAGE": "/data",
        "PUP_TEMP_STORAGE": "/temp",
        "PUP_API_HOSTNAME": "127.0.0.1",
        "PUP_API_PORT": "9615",
        "PUP_API_URL": "http://127.0.0.1:9615",
    }
    assert scene.access.recognise(token) is not None


def test_an_instance_of_a_cluster_finds_which_one_it_is(scene):
    spec = an_app(instances=3)
    variables = scene.access.environment(a_process(spec=spec, instance=2, tcp_port=8002))

    assert variables["PUP_PROCESS_ID"] == "web-3"
    assert (variables["PUP_CLUSTER_INSTANCE"], variables["PUP_CLUSTER_PORT"]) == ("2", "8002")


@pytest.mark.parametrize(
    ("url", "host", "shown"),
    [
        ("http://0.0.0.0:80", "127.0.0.1", "http://127.0.0.1:80"),
        ("http://[::]:80", "::1", "http://[::1]:80"),
        ("https://box.example:443", "box.example", "https://box.example:443"),
    ],
)
def test_a_server_on_all_addresses_is_reached_on_this_machine(scene, url, host, shown):
    scene.url = url
    variables = scene.access.environment(UP)

    assert (variables["PUP_API_HOSTNAME"], variables["PUP_API_URL"]) == (host, shown)


def test_without_a_web_side_nothing_is_signed(scene):
    scene.url = None

    assert not any(name.startswith("PUP_API") for name in scene.access.environment(UP))


def test_a_program_is_started_without_a_token_when_none_can_be_made(scene, monkeypatch):
    def fail(_):
        raise HomeUnusable("disk full")

    monkeypatch.setattr(scene.mint, "sign", fail)

    assert "PUP_API_TOKEN" not in scene.access.environment(UP)


def test_a_token_is_good_for_the_programs_own_affairs_alone(scene):
    principal = scene.access.recognise(scene.token())

    assert (principal.name, principal.about) == ("telemetry-web", "web")
    assert principal.may(Scope.TELEMETRY, about="web")
    assert principal.may(Scope.LOG)
    assert not principal.may(Scope.TELEMETRY, about="api")
    assert not any(
        principal.may(one) for one in (Scope.READ, Scope.CONTROL, Scope.CREATE, Scope.ADMIN)
    )


def test_the_end_of_a_run_is_the_end_of_its_token(scene):
    token = scene.token()

    scene.processes = [a_process(pm_id=3, launch=5, state=Stopped())]
    assert scene.access.recognise(token) is None
    scene.processes = [a_process(pm_id=3, launch=6, state=Online(a_run()))]
    assert scene.access.recognise(token) is None


def test_a_program_may_be_faster_than_the_news_of_it(scene):
    token = scene.token()
    scene.processes = [a_process(pm_id=3, launch=5, state=Starting())]

    assert scene.access.recognise(token) is not None


def test_a_token_runs_out_and_is_renewed_before(scene):
    first = scene.token()
    scene.clock.advance(LIFETIME - 10)
    token, expires = scene.access.renew(scene.access.recognise(first))
    scene.clock.advance(20)

    assert scene.access.recognise(first) is None
    assert scene.access.recognise(token) is not None
    assert expires > scene.clock.now().wall


def test_nobody_else_renews(scene):
    assert scene.access.renew(Principal("ci", frozenset({"telemetry:web"}))) is None


@pytest.mark.parametrize("presented", ["", "key", "a.b", "a.b.c", "a.b.c.d"])
def test_what_is_no_token_is_nobodys(scene, presented):
    assert scene.access.recognise(presented) is None


def test_the_token_of_a_consumer_is_not_that_of_a_program(scene):
    assert scene.access.recognise(scene.mint.sign({"data": {"consumer": "ci"}})) is None
