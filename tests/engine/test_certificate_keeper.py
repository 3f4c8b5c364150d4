import asyncio

import pytest

from pmdaemon.core.certificates import FIRST_WAIT
from pmdaemon.core.errors import CertificateRefused, InvalidInput
from pmdaemon.engine.certificate_keeper import LONGEST_SLEEP, CertificateKeeper
from pmdaemon.engine.interfaces import AcmeSettings, CertificateFiles
from tests.fakes.certificates import LIFE, FakeCertificates
from tests.fakes.clock import FakeClock
from tests.support.engine import settle

ACME = AcmeSettings(directory="https://ca.test/dir")
OTHER = AcmeSettings(directory="https://other.test/dir")
DAY = 86400.0


class Scene:
    def __init__(self):
        self.clock = FakeClock()
        self.certificates = FakeCertificates(self.clock)
        self.keeper = self.next_daemon()

    def next_daemon(self):
        """A keeper that knows what is kept, and nothing else."""
        self.keeper = CertificateKeeper(clock=self.clock, certificates=self.certificates)
        return self.keeper

    async def wait(self, seconds):
        """Let time pass as it does: in hours, with what is to be done in between."""
        while seconds > 0:
            self.clock.advance(min(seconds, LONGEST_SLEEP))
            seconds -= LONGEST_SLEEP
            await settle()

    @property
    def ordered(self):
        return [host for host, _ in self.certificates.orders]

    def told(self, *hosts, files=()):
        return {one.host: (one.source, one.note) for one in self.keeper.list(files, hosts)}


@pytest.fixture
def scene():
    return Scene()


async def test_names_that_are_routed_are_signed_for_one_after_the_other(scene):
    scene.certificates.held = asyncio.Event()

    scene.keeper.concern(ACME, ["b.test", "a.test", "c.localhost"])
    await settle()
    assert scene.certificates.orders == [("a.test", ACME)]
    assert scene.told("a.test", "b.test") == {
        "a.test": ("none", "ordered"),
        "b.test": ("none", "to be ordered"),
    }

    scene.certificates.held.set()
    await settle()
    assert scene.ordered == ["a.test", "b.test"]
    assert scene.told("a.test", "b.test") == {"a.test": ("acme", ""), "b.test": ("acme", "")}


async def test_without_an_authority_nothing_is_ordered(scene):
    scene.keeper.concern(None, ["a.test"])
    await settle()

    assert scene.ordered == []
    assert scene.told("a.test") == {"a.test": ("none", "nobody signs for it")}


async def test_a_certificate_is_renewed_in_time_and_not_before(scene):
    scene.keeper.concern(ACME, ["a.test"])
    await settle()

    await scene.wait(59 * DAY)
    assert scene.ordered == ["a.test"]
    await scene.wait(DAY)
    assert scene.ordered == ["a.test"] * 2
    assert scene.certificates.obtained("a.test").ends == pytest.approx(
        scene.clock.now().wall + LIFE, abs=LONGEST_SLEEP
    )


async def test_a_clock_that_is_set_is_heeded(scene):
    scene.keeper.concern(ACME, ["a.test"])
    await settle()

    scene.clock.jump_wall(61 * DAY)
    await scene.wait(LONGEST_SLEEP)

    assert scene.ordered == ["a.test"] * 2


async def test_a_name_that_fails_waits_longer_and_longer_and_holds_no_other_up(scene):
    scene.certificates.failures["a.test"] = CertificateRefused("a.test", "the authority says no")

    scene.keeper.concern(ACME, ["a.test", "b.test"])
    await settle()
    assert scene.ordered == ["a.test", "b.test"]
    source, note = scene.told("a.test")["a.test"]
    assert (source, note.partition(" (")[0]) == ("none", "the authority says no")
    assert "tried again at" in note

    await scene.wait(FIRST_WAIT)
    assert scene.ordered.count("a.test") == 2
    await scene.wait(FIRST_WAIT)
    assert scene.ordered.count("a.test") == 2
    scene.certificates.failures.clear()
    await scene.wait(FIRST_WAIT)
    assert scene.told("a.test") == {"a.test": ("acme", "")}


async def test_an_authority_is_left_alone_as_long_as_it_wants(scene):
    scene.certificates.failures["a.test"] = CertificateRefused("a.test", "too many", 7200.0)

    scene.keeper.concern(ACME, ["a.test"])
    await settle()
    await scene.wait(7100.0)
    assert scene.ordered == ["a.test"]

    await scene.wait(200.0)
    assert scene.ordered == ["a.test"] * 2


async def test_another_authority_is_asked_at_once(scene):
    scene.certificates.failures["a.test"] = InvalidInput("cannot be kept")
    scene.keeper.concern(ACME, ["a.test"])
    await settle()

    scene.keeper.concern(OTHER, ["a.test"])
    await settle()

    assert scene.certificates.orders == [("a.test", ACME), ("a.test", OTHER)]


async def test_no_restart_asks_an_authority_again_before_its_time(scene):
    scene.certificates.failures["a.test"] = CertificateRefused("a.test", "too many", 7200.0)
    scene.keeper.concern(ACME, ["a.test"])
    await settle()
    for _ in range(3):
        scene.keeper.close()
        scene.next_daemon().concern(None, ())
        scene.keeper.concern(ACME, ["a.test"])
        await scene.wait(60.0)

    assert scene.ordered == ["a.test"]
    (listed,) = scene.keeper.list((), ["a.test"])
    assert listed.refusal.reason == "too many"
    assert listed.refusal.again - listed.refusal.tried == 7200.0
    assert listed.note.startswith("too many (")
    await scene.wait(7200.0)
    assert scene.ordered == ["a.test"] * 2


async def test_an_order_in_which_the_daemon_died_counts_as_one_that_failed(scene):
    scene.certificates.held = asyncio.Event()
    scene.keeper.concern(ACME, ["a.test"])
    await settle()
    assert scene.ordered == ["a.test"]

    scene.next_daemon().concern(ACME, ["a.test"])
    await settle()

    assert scene.ordered == ["a.test"]
    _, note = scene.told("a.test")["a.test"]
    assert note.startswith("the daemon ended before the authority had answered (")
    scene.certificates.held.set()
    await scene.wait(FIRST_WAIT)
    assert scene.certificates.kept == {}


async def test_a_name_that_comes_and_goes_is_not_asked_for_more_often(scene):
    scene.certificates.failures["a.test"] = CertificateRefused("a.test", "no")
    for _ in range(3):
        scene.keeper.concern(ACME, ["a.test"])
        await settle()
        scene.keeper.concern(ACME, [])

    assert scene.ordered == ["a.test"]


async def test_an_authority_that_does_not_answer_is_not_asked_for_one_name_after_the_other(scene):
    down = CertificateRefused("a.test", "cannot ask it", for_all=True)
    scene.certificates.failures.update(dict.fromkeys(("a.test", "b.test"), down))

    scene.keeper.concern(ACME, ["a.test", "b.test"])
    await settle()
    scene.keeper.close()
    scene.next_daemon().concern(ACME, ["a.test", "b.test"])
    await settle()
    assert scene.ordered == ["a.test"]
    assert {note.partition(" (")[0] for _, note in scene.told("a.test", "b.test").values()} == {
        "cannot ask it"
    }

    await scene.wait(FIRST_WAIT)
    assert scene.ordered == ["a.test"] * 2
    await scene.wait(FIRST_WAIT)
    assert scene.ordered == ["a.test"] * 2
    scene.certificates.failures.clear()
    await scene.wait(FIRST_WAIT)
    assert scene.ordered == ["a.test"] * 3 + ["b.test"]
    assert scene.certificates.kept == {}


async def test_a_certificate_that_is_good_is_not_said_to_wait_for_its_authority(scene):
    scene.keeper.concern(ACME, ["a.test"])
    await settle()
    down = CertificateRefused("b.test", "cannot ask it", for_all=True)
    scene.certificates.failures["b.test"] = down

    scene.keeper.concern(ACME, ["a.test", "b.test"])
    await settle()

    assert scene.told("a.test") == {"a.test": ("acme", "")}


async def test_who_has_put_it_right_need_not_wait(scene):
    scene.certificates.failures["a.test"] = CertificateRefused("a.test", "no")
    scene.keeper.concern(ACME, ["a.test"])
    await settle()

    scene.certificates.failures.clear()
    assert scene.keeper.retry("a.test")
    await settle()

    assert scene.told("a.test") == {"a.test": ("acme", "")}
    assert not scene.keeper.retry("b.test")


async def test_what_cannot_be_kept_is_remembered_by_this_daemon(scene, caplog):
    scene.certificates.failures["a.test"] = CertificateRefused("a.test", "no")
    scene.certificates.unusable = InvalidInput("the disk is full")

    scene.keeper.concern(ACME, ["a.test"])
    await scene.wait(FIRST_WAIT / 2)

    assert scene.ordered == ["a.test"]
    assert "the disk is full" in caplog.text


async def test_what_was_refused_in_the_future_is_asked_for_now(scene):
    scene.certificates.failures["a.test"] = CertificateRefused("a.test", "no")
    scene.keeper.concern(ACME, ["a.test"])
    await settle()

    scene.clock.jump_wall(-365 * DAY)
    scene.next_daemon().concern(ACME, ["a.test"])
    await settle()

    assert scene.ordered == ["a.test"] * 2


async def test_a_name_that_nobody_routes_any_more_is_not_ordered(scene):
    scene.keeper.concern(ACME, ["a.test"])
    await settle()

    scene.keeper.concern(ACME, [])
    await scene.wait(80 * DAY)

    assert scene.ordered == ["a.test"]


async def test_what_was_discarded_is_ordered_anew(scene):
    scene.keeper.concern(ACME, ["a.test"])
    await settle()

    assert scene.keeper.discard("a.test")
    await settle()

    assert scene.ordered == ["a.test"] * 2
    assert not scene.keeper.discard("b.test")


async def test_what_ends_orders_nothing_any_more(scene):
    scene.keeper.concern(ACME, ["a.test"])
    await settle()

    scene.keeper.close()
    await scene.wait(80 * DAY)

    assert (scene.ordered, scene.clock.pending) == (["a.test"], 0)


async def test_files_of_ones_own_are_listed_as_they_are(scene):
    files = [CertificateFiles("*.a.test", "/c", "/k")]

    assert scene.told("b.a.test", "c.test", files=files) == {
        "*.a.test": ("file", ""),
        "c.test": ("none", "nobody signs for it"),
    }
