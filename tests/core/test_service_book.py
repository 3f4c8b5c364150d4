import pytest
from msgspec.structs import replace

from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.routing import Listener, Mode, Route, Target
from pmdaemon.core.service_book import ServiceBook, ServiceDeclared, ServiceNotFound
from pmdaemon.core.services import ServiceSpec
from pmdaemon.core.spec import Published
from tests.support.builders import an_app

AT = Listener("localhost", 7000)
DB = ServiceSpec(name="db", targets=(Target("10.0.0.1", 80),), routes=(Route("d.test", "db"),))
SHOP = ServiceSpec(name="shop", app="shop", routes=(Route("s.test", "shop"),), listener=AT)
BOOK = ServiceBook.of({"db": DB}, {"shop": SHOP})


def test_both_kinds_are_there_and_what_answers_for_them():
    assert BOOK.services == {"db": DB, "shop": SHOP}
    assert (BOOK.apps, BOOK.listeners) == ({"shop"}, {"shop": AT})


def test_what_is_not_there_is_told_with_what_is():
    with pytest.raises(
        ServiceNotFound, match=r"^no service is called web \(db, shop\)$"
    ) as refused:
        BOOK.find("web")
    assert (refused.value.code, refused.value.details) == ("service_not_found", {"name": "web"})
    with pytest.raises(ServiceNotFound, match=r"^no service is called web \(there is none\)$"):
        ServiceBook().find("web")


def test_two_services_do_not_listen_at_one_port():
    book = ServiceBook.of({"db": replace(DB, listener=Listener("0.0.0.0", 7000))}, {"shop": SHOP})

    with pytest.raises(
        InvalidInput, match=r"^port 7000 is where shop is balanced already$"
    ) as refused:
        book.check()
    assert refused.value.code == "service_taken"
    other = replace(DB, listener=Listener("localhost", 7001))
    ServiceBook.of({"db": other}, {"shop": SHOP}).check()


def test_routes_are_added_by_hand_to_either():
    for name, host in (("db", "d.test"), ("shop", "s.test")):
        more = replace(BOOK.find(name), routes=(Route("more.test", name),), listener=None)

        book, _, by_hand = BOOK.with_service(more, swap=False)

        assert [one.host for one in book.find(name).routes] == [host, "more.test"]
        assert by_hand == book.by_hand[name]
    assert book.listeners == {"shop": AT}


@pytest.mark.parametrize(
    "spec",
    [
        replace(DB, targets=(Target("10.0.0.2", 80),)),
        replace(DB, name="shop"),
        ServiceSpec(name="web", app="web", routes=(Route("s.test", "web"),)),
        ServiceSpec(name="web", app="web", listener=AT),
    ],
)
def test_what_another_one_has_is_refused(spec):
    with pytest.raises(InvalidInput):
        BOOK.with_service(spec, swap=False)


def test_a_name_that_is_taken_is_told_with_who_answers_for_it():
    with pytest.raises(InvalidInput) as refusal:
        BOOK.with_service(replace(DB, targets=(Target("10.0.0.2", 80),)), swap=False)

    assert refusal.value.message == (
        "there is a service called db already, and 10.0.0.1:80 answers for it"
        " (to exchange that: --swap)"
    )
    assert (refusal.value.code, refusal.value.details) == ("service_taken", {"service": "db"})
    with pytest.raises(InvalidInput, match=r"10.0.0.1:80 answers for it$"):
        BOOK.with_apps([an_app(name="db", proxy=Published(("w.test",)))])


def test_who_adds_routes_leaves_the_address_to_listen_on_as_it_is_or_names_another():
    here, there = Listener("localhost", 7001), Listener("localhost", 7002)
    book = ServiceBook.of({"db": replace(DB, listener=here)}, {})

    assert book.with_service(DB, swap=False).by_hand.listener == here
    moved = book.with_service(replace(DB, listener=there), swap=False)
    assert moved.by_hand.listener == there
    assert book.with_service(DB, swap=True).by_hand.listener is None


def test_who_adds_routes_leaves_the_mode_as_it_is():
    paused, _, _ = BOOK.with_mode("db", Mode.PAUSED)

    revision = paused.with_service(DB, swap=False)

    assert (revision.name, revision.by_hand.mode) == ("db", Mode.PAUSED)
    new = ServiceSpec(name="new", targets=DB.targets, mode=Mode.MAINTENANCE)
    assert paused.with_service(new, swap=False).by_hand.mode is Mode.MAINTENANCE


OF_FILE = replace(DB, source="/p/prox.yaml")


def test_a_file_replaces_what_it_has_declared_and_nothing_else():
    book = ServiceBook.of({"db": replace(OF_FILE, mode=Mode.PAUSED)}, {})
    other = replace(OF_FILE, targets=(Target("10.0.0.2", 80),), routes=(Route("e.test", "db"),))

    changed, _, _ = book.with_service(other, swap=False)

    assert changed.find("db") == replace(other, mode=Mode.PAUSED)
    with pytest.raises(InvalidInput):
        changed.with_service(replace(DB, source="/q/prox.yaml"), swap=False)
    with pytest.raises(InvalidInput):
        BOOK.with_service(other, swap=False)


def test_who_adds_routes_by_hand_does_not_take_a_service_from_its_file():
    book = ServiceBook.of({"db": OF_FILE}, {})

    book, _, _ = book.with_service(replace(DB, routes=(Route("e.test", "db"),)), swap=False)

    assert book.find("db").source == OF_FILE.source
    assert [one.host for one in book.find("db").routes] == ["d.test", "e.test"]


def test_what_files_declared_goes_with_them():
    kept = replace(DB, name="kept", routes=(), source="/q/prox.yaml")
    book = ServiceBook.of({"db": OF_FILE, "kept": kept, "mine": replace(DB, name="mine")}, {})

    revisions = [*book.without_files({"/q/prox.yaml", None})]

    assert book.sources == {"/p/prox.yaml", "/q/prox.yaml"}
    assert [(one.name, one.by_hand) for one in revisions] == [("db", None)]
    assert revisions[-1].book.services.keys() == {"kept", "mine"}


def test_something_else_is_put_in_the_place_of_one_and_taken_away_again():
    book, _, _ = BOOK.with_service(replace(DB, name="shop", routes=()), swap=True)
    assert book.find("shop").app is None

    book, _, by_hand = book.without_service("shop")
    assert (book.services, by_hand) == (BOOK.services, None)


def test_what_is_declared_is_not_taken_away():
    for refused in (
        lambda: BOOK.without_service("shop"),
        lambda: BOOK.without_route("s.test", "/"),
    ):
        with pytest.raises(ServiceDeclared) as refusal:
            refused()
        assert (refusal.value.code, refusal.value.details) == ("service_declared", {"name": "shop"})
        assert refusal.value.message == (
            "shop declares itself what is published of it: change proxy in its declaration"
            " (pmdaemon proxy pause holds its requests)"
        )
    book, name, by_hand = BOOK.without_route("d.test", "/")
    assert (name, by_hand, book.find("db").routes) == ("db", replace(DB, routes=()), ())
    with pytest.raises(ServiceNotFound, match=r"^n.test/x is no route$") as refusal:
        BOOK.without_route("n.test", "/x")
    assert refusal.value.details == {"route": "n.test/x"}


def test_a_mode_of_what_is_declared_is_said_while_it_is_not_the_usual_one():
    paused, _, by_hand = BOOK.with_mode("shop", Mode.PAUSED)
    assert by_hand == ServiceSpec(name="shop", app="shop", mode=Mode.PAUSED)
    assert paused.find("shop") == replace(SHOP, mode=Mode.PAUSED)

    assert paused.with_mode("shop", Mode.SERVING) == (BOOK, "shop", None)


def test_apps_are_admitted_with_what_they_declare_now():
    web = an_app(proxy=Published(("w.test",)))

    assert BOOK.with_apps([web]).find("web").routes == (Route("w.test", "web"),)
    assert "shop" not in BOOK.with_apps([an_app(name="shop")]).services
    for taken in (Published(("d.test",)), Published(listener=AT)):
        with pytest.raises(InvalidInput):
            BOOK.with_apps([replace(web, proxy=taken)])
    with pytest.raises(InvalidInput, match="cannot publish db: there is a service called db"):
        BOOK.with_apps([replace(web, name="db")])


def test_services_of_files_that_are_gone_go_one_after_the_other():
    other = ServiceSpec(name="kept", targets=(Target("10.0.0.3", 80),), source="/q/prox.yaml")
    third = ServiceSpec(name="web", targets=(Target("10.0.0.4", 80),), source="/r/prox.yaml")
    book = ServiceBook.of({"db": OF_FILE, "kept": other, "web": third}, {})

    gone = list(book.without_files({"/q/prox.yaml"}))

    assert [one.name for one in gone] == ["db", "web"]
    assert [set(one.book.services) for one in gone] == [{"kept", "web"}, {"kept"}]


def test_a_mode_leaves_what_was_said_by_hand_as_it_is():
    book, _, _ = BOOK.with_mode("db", Mode.PAUSED)

    assert book.find("db") == replace(DB, mode=Mode.PAUSED)
