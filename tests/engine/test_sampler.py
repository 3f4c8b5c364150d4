import pytest

from pmdaemon.core.lifecycle_events import MemoryExceeded
from pmdaemon.core.metrics import Sample
from pmdaemon.core.notices import Sampled
from pmdaemon.core.process import Online, Run
from pmdaemon.engine.bus import Bus
from pmdaemon.engine.sampler import INTERVAL, RECENT, Sampler
from pmdaemon.engine.supervisor import Supervisor
from tests.fakes.clock import FakeClock
from tests.fakes.metrics import FakeProcessMetrics
from tests.fakes.processes import FakeProcesses
from tests.fakes.store import MemoryStore
from tests.support.builders import NOW, a_process, an_app


class CountingMetrics(FakeProcessMetrics):
    """Counts the passes, and fails while told to."""

    passes = 0
    failing = False

    def sample(self, runs):
        self.passes += 1
        if self.failing:
            raise OSError("too many open files")
        return super().sample(runs)


class Scene:
    def __init__(self):
        self.world = FakeProcesses()
        self.clock = FakeClock()
        self.metrics = CountingMetrics(self.world)
        bus = Bus()
        self.heard = []
        bus.subscribe(self.heard.append)
        self.supervisor = Supervisor(store=MemoryStore(), clock=self.clock, bus=bus)
        self.posted = []
        self.sampler = Sampler(
            clock=self.clock,
            metrics=self.metrics,
            supervisor=self.supervisor,
            post=lambda *event: self.posted.append(event),
            bus=bus,
        )

    def up(self, *specs):
        """Have a process up for each spec; return what runs."""
        runs = [Run(self.world.add(), NOW) for _ in specs]
        self.supervisor.adopt(
            [
                a_process(pm_id=pm_id, state=Online(run), spec=spec)
                for pm_id, (run, spec) in enumerate(zip(runs, specs, strict=True))
            ],
            len(runs),
        )
        return [self.world.get(run.identity) for run in runs]

    def latest(self):
        """Read what is known of the process with the id 0."""
        return self.sampler.latest(self.supervisor.processes[0])


@pytest.fixture
def scene():
    return Scene()


def test_a_program_is_measured_with_all_that_it_started(scene):
    (program,) = scene.up(an_app())
    program.memory = 10
    scene.world.get(scene.world.add(parent=program.identity)).memory = 5

    scene.sampler.start()

    assert scene.latest() == Sample(cpu=0.0, memory=15, processes=2)


def test_it_is_measured_again_and_again_until_that_is_stopped(scene):
    (program,) = scene.up(an_app())
    scene.sampler.start()
    program.cpu = 12.5

    scene.clock.advance(INTERVAL)
    assert scene.latest().cpu == 12.5
    scene.clock.advance(INTERVAL)
    assert scene.metrics.passes == 3

    scene.sampler.stop()
    scene.clock.advance(10 * INTERVAL)
    assert scene.metrics.passes == 3


def test_what_is_down_is_not_measured_and_has_no_sample(scene):
    scene.up(an_app())
    scene.sampler.start()
    scene.supervisor.adopt([a_process()], 1)

    scene.clock.advance(INTERVAL)

    assert scene.latest() == Sample()
    assert scene.metrics.passes == 1


def test_what_has_not_been_measured_yet_is_when_somebody_looks(scene):
    scene.sampler.start()
    scene.up(an_app())

    scene.sampler.refresh()
    scene.sampler.refresh()

    assert scene.latest().processes == 1
    assert scene.metrics.passes == 1


def test_what_has_just_begun_is_measured_anew_when_somebody_looks_again(scene):
    scene.sampler.start()
    (program,) = scene.up(an_app())
    scene.sampler.refresh()
    program.memory = 7

    scene.clock.advance(RECENT)
    scene.sampler.refresh()
    assert scene.latest().memory == 7

    scene.clock.advance(2 * INTERVAL)
    passes = scene.metrics.passes
    scene.clock.advance(INTERVAL / 2)
    scene.sampler.refresh()
    assert scene.metrics.passes == passes


def test_no_run_is_told_the_figures_of_the_one_before(scene):
    (program,) = scene.up(an_app())
    program.memory = 7
    scene.sampler.start()
    scene.clock.advance(10 * INTERVAL)

    (successor,) = scene.up(an_app())
    successor.memory = 3
    assert scene.latest() == Sample()

    scene.sampler.refresh()
    assert scene.latest().memory == 3


def test_a_program_that_holds_more_than_it_may_is_told_of(scene):
    within, over, unlimited = scene.up(
        an_app(max_memory=100), an_app(max_memory=100), an_app(max_memory=None)
    )
    within.memory, over.memory, unlimited.memory = 100, 101, 10**9

    scene.sampler.start()

    assert scene.posted == [(1, MemoryExceeded(over.identity))]


def test_a_sample_that_fails_is_not_the_last(scene):
    (program,) = scene.up(an_app())
    scene.metrics.failing = True
    with pytest.raises(OSError, match="too many"):
        scene.sampler.start()
    scene.metrics.failing = False
    program.memory = 7

    scene.clock.advance(INTERVAL)

    assert scene.latest().memory == 7


def test_every_sample_is_told_also_when_nothing_is_up(scene):
    (program,) = scene.up(an_app())
    program.memory = 7
    scene.sampler.start()

    scene.supervisor.adopt([a_process()], 1)
    scene.clock.advance(INTERVAL)

    assert scene.heard == [Sampled({0: Sample(0.0, 7, 1)}), Sampled({})]
