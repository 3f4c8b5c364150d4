import asyncio

import pytest
from msgspec.structs import replace

from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.platform_errors import (
    DomainNotFound,
    DomainTaken,
    DomainUnproven,
    LimitReached,
)
from pmdaemon.core.project_domains import CLAIM, MOST_DOMAINS
from pmdaemon.core.projects import Project
from tests.support.platform import PlatformOnFakes

HOST = "shop.example.com"


@pytest.fixture
def parts():
    return PlatformOnFakes()


@pytest.fixture
def domains(parts):
    return parts.platform.projects.domains


SHOP = Project(
    id="p1", user_id="jane", name="Shop", slug="shop", repo_url="x", created=0.0, updated=0.0
)
RIVAL = replace(SHOP, id="p2", user_id="joe", slug="rival")


async def test_a_domain_is_routed_once_it_shows_its_proof(parts, domains):
    domain = await domains.add(SHOP, "Shop.example.com")
    assert domains.hosts("p1") == []

    with pytest.raises(DomainUnproven, match=r"http://shop\.example\.com/\.well-known/") as refused:
        await domains.verify(domain.id)
    assert "_pmdaemon.shop.example.com" in refused.value.message
    parts.prover.shown[HOST] = domain.proof
    await domains.verify(domain.id)

    assert domains.hosts("p1") == [HOST]


async def test_the_word_of_who_is_trusted_is_proof_enough(domains):
    domain = await domains.add(SHOP, HOST)

    await domains.verify(domain.id, trusted=True)

    assert domains.hosts("p1") == [HOST]


async def test_a_domain_that_is_proved_stays_so(parts, domains):
    domain = await domains.add(SHOP, HOST)
    parts.prover.shown[HOST] = domain.proof
    proved = await domains.verify(domain.id)
    parts.prover.shown.clear()

    assert await domains.verify(domain.id) == proved


async def test_a_proof_is_of_one_claim(parts, domains):
    domain = await domains.add(SHOP, HOST)
    parts.prover.shown[HOST] = domain.proof
    await domains.remove(domain.id)

    again = await domains.add(RIVAL, HOST)

    with pytest.raises(DomainUnproven):
        await domains.verify(again.id)


async def test_what_somebody_has_is_nobody_elses(domains):
    await domains.add(SHOP, HOST)

    for project in (SHOP, RIVAL):
        with pytest.raises(DomainTaken):
            await domains.add(project, "SHOP.example.com.")


async def test_a_claim_that_is_never_proved_gives_way_to_others(parts, domains):
    stale = await domains.add(SHOP, HOST)
    parts.clock.advance(CLAIM + 1)
    with pytest.raises(DomainTaken):
        await domains.add(SHOP, HOST)

    taken = await domains.add(RIVAL, HOST)

    assert domains.list() == [taken]
    with pytest.raises(DomainNotFound):
        domains.get(stale.id)


async def test_a_domain_that_is_proved_never_gives_way(parts, domains):
    domain = await domains.add(SHOP, HOST)
    await domains.verify(domain.id, trusted=True)
    parts.clock.advance(CLAIM * 100)

    with pytest.raises(DomainTaken):
        await domains.add(RIVAL, HOST)


async def test_what_the_gateway_routes_already_is_nobodys(parts, domains):
    parts.routed.add(HOST)

    with pytest.raises(DomainTaken):
        await domains.add(SHOP, HOST)


async def test_our_own_names_are_nobodys(domains):
    with pytest.raises(InvalidInput):
        await domains.add(SHOP, "x.deploy.example.org")


async def test_what_was_removed_can_be_added_again(domains):
    domain = await domains.add(SHOP, HOST)

    await domains.remove(domain.id)

    assert (await domains.add(SHOP, HOST)).host == HOST
    with pytest.raises(DomainNotFound):
        await domains.remove(domain.id)


async def test_an_account_has_so_many(domains):
    for number in range(MOST_DOMAINS):
        await domains.add(SHOP, f"d{number}.example.com")

    with pytest.raises(LimitReached):
        await domains.add(SHOP, HOST)
    assert await domains.add(RIVAL, HOST)


async def test_a_domain_that_is_removed_while_it_is_verified_stays_removed(parts, domains):
    domain = await domains.add(SHOP, HOST)

    removed, verified = await asyncio.gather(
        domains.remove(domain.id), domains.verify(domain.id, trusted=True), return_exceptions=True
    )

    assert removed == domain
    assert isinstance(verified, DomainNotFound)
    assert (domains.list(), (await parts.store.load()).domains) == ([], [])
