"""What everything that measures programs does."""

import pytest

from pmdaemon.core.metrics import Sample
from tests.support.system import ALL_SYSTEMS, Program
from tests.support.waiting import eventually


@pytest.fixture(params=ALL_SYSTEMS)
async def system(request, tmp_path):
    async with request.param(tmp_path) as system:
        yield system


async def test_a_program_is_measured_with_its_children(system):
    alone = system.launch(Program.STAYS)
    family = await system.settled(Program.FAMILY)

    def samples():
        return system.metrics.sample({7: alone, 8: family})

    assert {pm_id: sample.processes for pm_id, sample in samples().items()} == {7: 1, 8: 2}
    # What has only just been executed uses so little that Linux rounds it down to nothing.
    await eventually(lambda: all(sample.memory > 0 for sample in samples().values()))


async def test_the_first_sample_has_no_cpu(system):
    identity = system.launch(Program.STAYS)

    samples = system.metrics.sample({0: identity})

    assert samples[0].cpu == 0.0


async def test_what_has_ended_uses_nothing(system):
    identity = system.launch(Program.FAILS)
    await eventually(lambda: not system.trees.alive(identity))

    samples = system.metrics.sample({0: identity})

    assert samples == {0: Sample()}


async def test_only_what_was_asked_for_is_answered(system):
    system.launch(Program.STAYS)

    samples = system.metrics.sample({})

    assert samples == {}
