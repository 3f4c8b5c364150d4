import pytest

from pmdaemon.core.accounts import THE_OPERATOR, Asker
from pmdaemon.core.errors import InvalidInput, OperationFailed, StoreUnavailable, Unsupported
from pmdaemon.core.platform_errors import DomainNotFound, LimitReached, ProjectNotFound
from pmdaemon.core.project_fields import MOST_PROJECTS
from pmdaemon.core.projects import EnvScope, ProjectStatus
from pmdaemon.engine.projects import NothingDeployed
from tests.support.platform import PlatformOnFakes

JANE, JOE = Asker("jane"), Asker("joe")
URL = "https://example.com/shop"


@pytest.fixture
def parts():
    return PlatformOnFakes()


@pytest.fixture
def projects(parts):
    return parts.platform.projects


async def create(projects, asker=JANE, name="My Shop", **fields):
    return await projects.create(asker, {"name": name, "repo_url": URL, **fields})


async def test_a_project_has_what_was_given_and_defaults(parts, projects):
    project = await create(projects, build_command="npm run build", port=8080)

    assert (project.user_id, project.name, project.slug) == ("jane", "My Shop", "my-shop")
    assert (project.branch, project.port, project.build_command) == ("main", 8080, "npm run build")
    assert project.created == project.updated == parts.clock.now().wall


@pytest.mark.parametrize("missing", ["name", "repo_url"])
async def test_a_project_has_a_name_and_a_repository(projects, missing):
    given = {"name": "Shop", "repo_url": URL}
    del given[missing]

    with pytest.raises(InvalidInput, match=f"{missing} is missing"):
        await projects.create(JANE, given)


async def test_names_may_be_alike_and_slugs_are_not(parts, projects):
    parts.occupied |= {"my-shop-2"}

    slugs = [(await create(projects, asker)).slug for asker in (JANE, JOE, JANE)]

    assert slugs == ["my-shop", "my-shop-3", "my-shop-4"]


async def test_a_slug_hijacks_nothing_that_is_there(parts, projects):
    parts.occupied |= {"billing"}

    assert (await create(projects, name="billing")).slug == "billing-2"


async def test_everybody_sees_their_own_alone_and_administrators_all(projects):
    mine, theirs = await create(projects), await create(projects, JOE)

    assert projects.list(JANE) == [mine]
    assert projects.list(THE_OPERATOR) == [theirs, mine]
    assert projects.get(THE_OPERATOR, mine.slug) == mine


async def test_what_is_somebody_elses_is_not_there(projects):
    theirs = await create(projects, JOE)
    attempts = (
        lambda: projects.change(JANE, theirs.id, {"name": "Mine"}),
        lambda: projects.delete(JANE, theirs.id),
        lambda: projects.add_domain(JANE, theirs.id, "a.example.com"),
    )

    for requested in (theirs.id, theirs.slug, "unknown", ""):
        with pytest.raises(ProjectNotFound) as refused:
            projects.get(JANE, requested)
        assert refused.value.message.startswith("no project is called")
    for attempt in attempts:
        with pytest.raises(ProjectNotFound):
            await attempt()


async def test_what_is_not_given_stays_as_it_is(parts, projects):
    project = await create(projects, build_command="npm run build")
    parts.clock.advance(5.0)

    changed = await projects.change(JANE, project.id, {"name": "Other", "start_command": ""})

    assert (changed.name, changed.slug, changed.build_command) == (
        "Other",
        "my-shop",
        "npm run build",
    )
    assert changed.updated == project.updated + 5.0
    assert projects.get(JANE, project.id) == changed


async def test_folders_of_this_machine_are_for_administrators(projects):
    admin = Asker("jane", all=True)

    with pytest.raises(InvalidInput):
        await projects.create(JANE, {"name": "Shop", "repo_url": "/srv/shop"})
    project = await projects.create(admin, {"name": "Shop", "repo_url": "/srv/shop"})
    with pytest.raises(InvalidInput):
        await projects.change(JANE, project.id, {"repo_url": "file:///etc"})

    assert projects.get(JANE, project.id).repo_url == "/srv/shop"


async def test_a_project_goes_with_everything_that_is_its(parts, projects):
    project = await create(projects)
    await projects.variables.set(project.id, {"A": "1"})
    await projects.add_domain(JANE, project.id, "shop.example.com")

    await projects.delete(JANE, project.id)

    assert parts.follower.asked == [("forget", project.id)]
    assert (projects.list(JANE), projects.list_domains(JANE)) == ([], [])
    assert projects.environment(project.id, EnvScope.RUN) == {}
    stored = await parts.store.load()
    assert not [*stored.projects, *stored.variables, *stored.domains]


async def test_a_project_whose_programs_cannot_be_ended_is_there_still(parts, projects):
    project = await create(projects)
    parts.follower.failure = OperationFailed("it does not end")

    with pytest.raises(OperationFailed):
        await projects.delete(JANE, project.id)

    assert projects.list(JANE) == [project]


async def test_what_cannot_be_stored_has_not_happened(parts, projects):
    project = await create(projects)
    parts.store.failure = StoreUnavailable("disk full")

    for attempt in (
        create(projects),
        projects.change(JANE, project.id, {"name": "Other"}),
        projects.delete(JANE, project.id),
    ):
        with pytest.raises(StoreUnavailable):
            await attempt

    assert projects.list(JANE) == [project]


async def test_an_account_has_so_many(projects):
    for number in range(MOST_PROJECTS):
        await create(projects, name=f"shop {number}")

    with pytest.raises(LimitReached):
        await create(projects)
    assert await create(projects, JOE)


async def test_domains_are_routed_and_unrouted_as_they_are_proved_and_removed(parts, projects):
    project = await create(projects)
    domain = await projects.add_domain(JANE, project.slug, "shop.example.com")
    assert parts.follower.asked == []

    parts.prover.shown[domain.host] = domain.proof
    await projects.verify_domain(JANE, domain.host)
    assert projects.hosts(project.id) == ["shop.example.com"]
    await projects.remove_domain(JANE, domain.id)

    assert projects.hosts(project.id) == []
    assert parts.follower.asked == [("hosts_changed", project.id)] * 2


async def test_a_domain_nobody_proved_is_removed_without_a_change_of_routes(parts, projects):
    project = await create(projects)
    domain = await projects.add_domain(JANE, project.id, "shop.example.com")

    await projects.remove_domain(JANE, domain.id)

    assert parts.follower.asked == []


async def test_domains_of_somebody_else_are_not_there(projects):
    project = await create(projects, JOE)
    domain = await projects.add_domain(JOE, project.id, "shop.example.com")

    assert projects.list_domains(JANE) == []
    for requested in (domain.id, domain.host, "unknown"):
        for attempt in (projects.verify_domain, projects.remove_domain):
            with pytest.raises(DomainNotFound):
                await attempt(JANE, requested)


async def test_only_administrators_vouch_for_a_domain(projects):
    project = await create(projects)
    domain = await projects.add_domain(JANE, project.id, "shop.example.com")

    with pytest.raises(Exception, match="does not show its proof"):
        await projects.verify_domain(JANE, domain.id, trust=True)
    await projects.verify_domain(THE_OPERATOR, domain.id, trust=True)

    assert projects.hosts(project.id) == ["shop.example.com"]


async def test_a_daemon_that_deploys_nothing_has_projects_all_the_same(projects):
    project = await create(projects)
    nobody = NothingDeployed()

    assert nobody.status(project.id) is ProjectStatus.INACTIVE
    assert (nobody.url(project), nobody.is_working) == ("", True)
    with pytest.raises(Unsupported):
        await nobody.request(project, user_id="jane")
