import random

import pytest

from tests.chaos.commands import Commander
from tests.chaos.seeds import a_seed, pass_a_while
from tests.chaos.writers import Writer, check_at_rest, check_output
from tests.support.daemon import a_daemon, until
from tests.support.waiting import eventually_sync

pytestmark = [pytest.mark.posix, pytest.mark.slow, pytest.mark.timeout(240)]

KILLS = 100


def test_a_hundred_kills_cost_no_program_no_line_and_no_acknowledged_command(tmp_path):
    seed = a_seed()
    rng = random.Random(seed)
    writers = [
        Writer(tmp_path, f"writer-{n}", seed=seed + n, rate=50.0, crash=0.02) for n in range(20)
    ]
    with a_daemon(tmp_path / "home") as daemon:
        # Some of them rotate their files all the time.
        daemon.start_apps(
            *(one.app(log_max_size="20K" if n < 4 else "10M") for n, one in enumerate(writers))
        )

        with Commander(daemon, random.Random(seed)) as commander:
            for number in range(KILLS):
                # A third at work for sure; of the others, most while they are starting.
                if number % 3 == 0:
                    until(daemon.is_up)
                pass_a_while(rng, rng.choice([0.2, 0.8]))
                # Left down after five deaths in a minute, until a command calls.
                eventually_sync(daemon.kill, within=60.0)

        commander.check()
        check_at_rest(daemon, writers)
        check_output(daemon, writers)
        daemon.request("kill")
        eventually_sync(lambda: not daemon.everything())
    assert commander.answered
