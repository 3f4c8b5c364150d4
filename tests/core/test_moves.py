import pytest
from msgspec.structs import replace

from pmdaemon.core.effects import (
    Drain,
    SetTimer,
    SignalTree,
    Timer,
)
from pmdaemon.core.moves import DRAIN_SECONDS, KILL_PATIENCE, leave
from pmdaemon.core.process import (
    Cause,
    Online,
    Stopping,
)
from pmdaemon.core.spec import (
    StopPolicy,
)
from tests.support.lives import (
    DRAINING,
    EPOCH,
    GRACE,
    NODE_CLUSTER,
    PYTHON,
    RUN,
    grace_of_twin,
    leaving,
)


@pytest.mark.parametrize(("declared", "seconds"), [(None, GRACE), (5.0, 5.0)])
def test_a_program_that_shares_sockets_drains_before_it_is_signalled(declared, seconds):
    spec = replace(NODE_CLUSTER, stop=StopPolicy(drain=declared))

    process, effects = leave(leaving(Online(RUN), spec=spec), RUN)

    assert process.state == DRAINING
    assert effects == [Drain(-1, RUN), SetTimer(-1, EPOCH + 1, Timer.DRAIN, seconds)]


@pytest.mark.parametrize(("declared", "seconds"), [(None, DRAIN_SECONDS), (5.0, 5.0)])
def test_a_program_with_a_port_of_its_own_drains_as_long_as_was_declared(declared, seconds):
    spec = replace(PYTHON, stop=StopPolicy(drain=declared))

    process, effects = leave(leaving(Online(RUN), spec=spec, tcp_port=3000), RUN)

    assert (process.state, process.last_cause) == (DRAINING, Cause.REPLACED)
    assert effects == [Drain(-1, RUN), SetTimer(-1, EPOCH + 1, Timer.DRAIN, seconds)]


def test_a_program_that_cannot_drain_is_signalled_at_once():
    process, effects = leave(leaving(Online(RUN), spec=PYTHON), RUN)

    assert process.state == Stopping(RUN, Cause.REPLACED)
    assert effects == [SignalTree(-1, RUN, "SIGINT"), grace_of_twin(EPOCH + 1)]


@pytest.mark.parametrize(("killed", "seconds"), [(False, GRACE), (True, KILL_PATIENCE)])
def test_what_was_ending_already_when_it_was_replaced_goes_on_ending(killed, seconds):
    ending = Stopping(RUN, Cause.MEMORY_EXCEEDED, killed=killed)

    process, effects = leave(leaving(ending), RUN)

    assert process.state == ending
    assert effects == [grace_of_twin(EPOCH + 1, seconds)]
