import pytest

from pmdaemon.core.accounts import OPERATOR
from pmdaemon.core.errors import InvalidInput
from pmdaemon.engine.checkouts import project_of
from tests.support.deploying import a_project
from tests.support.platform import PlatformOnFakes


@pytest.fixture
def projects():
    return PlatformOnFakes().platform.projects


async def test_a_checkout_of_no_project_gets_one(projects):
    made = await project_of(projects, "/home/me/shop", "shop", "https://git.test/shop")

    assert (made.slug, made.repo_url) == ("shop", "file:///home/me/shop")
    assert made.user_id == OPERATOR
    assert await project_of(projects, "/home/me/shop", "shop") == made


async def test_a_folder_of_one_letter_has_a_name_all_the_same(projects):
    assert (await project_of(projects, "/x", "x")).name == "x-app"


async def test_a_checkout_belongs_to_the_project_that_it_came_from(projects):
    project = a_project(repo_url="https://git.test/shop")
    projects.adopt([project])

    assert await project_of(projects, "/x/y", "y", "https://git.test/shop") == project


async def test_the_very_folder_comes_before_where_it_came_from(projects):
    here = a_project(id="p1", repo_url="/x/y")
    there = a_project(id="p2", slug="shop-2", repo_url="https://git.test/shop")
    projects.adopt([there, here])

    assert await project_of(projects, "/x/y", "y", "https://git.test/shop") == here


async def test_of_several_projects_one_has_to_be_named(projects):
    projects.adopt([a_project(id="a", slug="a"), a_project(id="b", slug="b")])

    with pytest.raises(InvalidInput, match="several projects are of this repository: a, b"):
        await project_of(projects, "/x/y", "y", "https://git.test/shop")
