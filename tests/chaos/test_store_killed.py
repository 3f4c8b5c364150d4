import json
import subprocess
import sys

import pytest

from tests.chaos.seeds import a_seed

pytestmark = [pytest.mark.posix, pytest.mark.slow]

KILLS = 200


def test_a_store_holds_what_was_acknowledged_after_each_of_two_hundred_deaths(tmp_path):
    seed = a_seed()
    command = [sys.executable, "-m", "tests.chaos.store_victims", tmp_path / "state.db"]

    result = subprocess.run(
        [*map(str, command), str(seed), str(KILLS)], capture_output=True, text=True, check=False
    )

    assert result.returncode == 0, result.stderr
    deaths = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(deaths) == KILLS
    # What is held is whole, and it is the last that was acknowledged, or the one under way.
    wrong = [
        death
        for death in deaths
        if not death["died"] or death["held"] not in ([death["acked"]], [death["acked"] + 1])
    ]
    assert not wrong
    ways = {death["where"].split()[0] for death in deaths}
    assert ways == {"before", "after", "at"}
