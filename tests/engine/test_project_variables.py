import asyncio

import pytest

from pmdaemon.core.errors import InvalidInput, OperationFailed, StoreUnavailable
from pmdaemon.core.platform_errors import LimitReached, VariableNotFound
from pmdaemon.core.projects import EnvScope
from pmdaemon.core.variables import MOST_VARIABLES
from tests.support.platform import PlatformOnFakes


@pytest.fixture
def parts():
    return PlatformOnFakes()


@pytest.fixture
def variables(parts):
    return parts.platform.projects.variables


def opened(variables, scope=EnvScope.RUN, project="p1"):
    return dict(variables.environment(project, scope))


async def test_what_is_set_is_opened_for_programs(variables):
    await variables.set("p1", {"B": "2", "A": "", "C": "ü=\n"})

    assert opened(variables) == {"A": "", "B": "2", "C": "ü=\n"}
    assert opened(variables, project="p2") == {}


async def test_a_variable_is_set_where_it_is_wanted(variables):
    await variables.set("p1", {"A": "1"}, EnvScope.BUILD)
    await variables.set("p1", {"B": "2"}, EnvScope.RUN)
    await variables.set("p1", {"C": "3"})

    assert opened(variables, EnvScope.BUILD) == {"A": "1", "C": "3"}
    assert opened(variables, EnvScope.RUN) == {"B": "2", "C": "3"}


async def test_another_value_keeps_the_id_and_the_scope(parts, variables):
    (first,) = await variables.set("p1", {"A": "1"}, EnvScope.BUILD)
    parts.clock.advance(5.0)

    (second,) = await variables.set("p1", {"A": "2"})

    assert (second.id, second.scope, second.created) == (first.id, EnvScope.BUILD, first.created)
    assert second.updated == first.updated + 5.0
    assert opened(variables, EnvScope.BUILD) == {"A": "2"}


async def test_two_at_the_same_time_make_one_variable(variables):
    await asyncio.gather(variables.set("p1", {"A": "1"}), variables.set("p1", {"A": "2"}))

    assert len(variables.list("p1")) == 1
    assert opened(variables) == {"A": "2"}


async def test_all_are_set_or_none(variables):
    with pytest.raises(InvalidInput):
        await variables.set("p1", {"A": "1", "LD_PRELOAD": "x"})

    assert variables.list("p1") == []


async def test_what_cannot_be_stored_is_not_set(parts, variables):
    await variables.set("p1", {"A": "1"})
    parts.store.failure = StoreUnavailable("disk full")

    with pytest.raises(StoreUnavailable):
        await variables.set("p1", {"A": "2"})

    assert opened(variables) == {"A": "1"}


async def test_a_project_has_so_many(variables):
    await variables.set("p1", {f"V{number}": "" for number in range(MOST_VARIABLES)})

    await variables.set("p1", {"V0": "again"})
    with pytest.raises(LimitReached):
        await variables.set("p1", {"ONE_MORE": ""})


async def test_what_is_removed_is_gone(variables):
    await variables.set("p1", {"A": "1", "B": "2"})

    await variables.remove("p1", "A")

    assert opened(variables) == {"B": "2"}
    for project, key in (("p1", "A"), ("p2", "B")):
        with pytest.raises(VariableNotFound):
            await variables.remove(project, key)


async def test_a_value_in_the_place_of_another_cannot_be_opened(variables):
    await variables.set("p1", {"SECRET": "s3cret"})
    (sealed,) = variables.list("p1")

    for stolen in ({"project_id": "p2"}, {"key": "OTHER"}):
        fields = {name: getattr(sealed, name) for name in sealed.__struct_fields__}
        variables.adopt([type(sealed)(**{**fields, **stolen})])
        with pytest.raises(OperationFailed):
            opened(variables, project=stolen.get("project_id", "p1"))


async def test_no_value_is_kept_in_sight(variables):
    await variables.set("p1", {"SECRET": "s3cret"})

    assert [one.key for one in variables.list("p1")] == ["SECRET"]
    assert not hasattr(variables.list("p1")[0], "value")
