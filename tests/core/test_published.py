from msgspec.structs import replace

from pmdaemon.core.published import combined, says_nothing, service_of, services_of
from pmdaemon.core.routing import Listener, Mode, Route, Target
from pmdaemon.core.services import ServiceSpec
from pmdaemon.core.spec import Published
from tests.support.builders import a_process, an_app

AT = Listener("localhost", 7000)
SAID = Published(("a.test/b",), strip=True, tcp_port=80, strategy="ip-hash", listener=AT)
WEB = ServiceSpec(
    name="web",
    routes=(Route("a.test", "web", "/b", strip=True),),
    app="web",
    tcp_port=80,
    strategy="ip-hash",
    listener=AT,
)


def test_an_app_declares_a_service_of_its_own_name():
    assert service_of(an_app(proxy=SAID)) == WEB
    assert service_of(an_app()) is None


def test_of_a_reload_the_former_declaration_holds_until_it_is_over():
    process = a_process(spec=an_app(proxy=SAID))
    twin = replace(process, pm_id=9, replaces=0, spec=an_app())

    assert services_of([process, twin, a_process(spec=an_app(name="db"))]) == {"web": WEB}


def test_by_hand_routes_a_listener_and_a_mode_are_laid_over_it():
    by_hand = ServiceSpec(
        name="web",
        app="web",
        routes=(Route("c.test", "web"),),
        listener=Listener("localhost", 7001),
        mode=Mode.PAUSED,
    )

    both = combined({"web": WEB}, {"web": by_hand})["web"]

    assert [one.host for one in both.routes] == ["a.test", "c.test"]
    assert (both.strategy, both.tcp_port) == ("ip-hash", 80)
    assert (both.mode, both.listener) == (Mode.PAUSED, by_hand.listener)
    assert combined({"web": WEB}, {"web": replace(by_hand, listener=None)})["web"].listener == AT


def test_something_else_of_that_name_takes_its_place():
    other = ServiceSpec(name="web", targets=(Target("10.0.0.1", 80),))

    assert combined({"web": WEB}, {"web": other}) == {"web": other}
    assert combined({}, {"web": other}) == {"web": other}


def test_what_adds_nothing_says_nothing():
    bare = ServiceSpec(name="web", app="web")

    assert says_nothing(bare, WEB)
    assert not says_nothing(bare, None)
    assert not says_nothing(replace(bare, mode=Mode.PAUSED), WEB)
    assert not says_nothing(replace(bare, app=None), WEB)
