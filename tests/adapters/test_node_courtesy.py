"""What an instance does with connections that come in a row, by a clock that is moved by hand."""

import json
import subprocess
from collections.abc import Sequence

import pytest

from tests.support.node_programs import PRELOAD, node

pytestmark = [pytest.mark.posix, node]

COURTESY = PRELOAD.with_name("node_courtesy.cjs")

SCRIPT = """
const [module, times] = process.argv.slice(1);
const { courtesy } = require(module);
let now = 0;
let pauses = 0;
const connected = courtesy(() => now, (milliseconds) => { pauses += 1; now += milliseconds; });
const pausesAfter = (milliseconds) => {
  now += milliseconds;
  pauses = 0;
  connected();
  return pauses;
};
console.log(JSON.stringify(JSON.parse(times).map(pausesAfter)));
"""


def pauses_of(milliseconds_between: Sequence[float]) -> list[int]:
    """Tell how often it stood back for each of these connections."""
    done = subprocess.run(
        ["node", "-e", SCRIPT, str(COURTESY), json.dumps(milliseconds_between)],
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[int] = json.loads(done.stdout)
    return found


def test_of_connections_that_come_at_once_it_leaves_the_others_theirs():
    assert pauses_of([1000, 0, 0.1, 4]) == [0, 1, 1, 1]


def test_a_connection_that_comes_alone_is_served_at_once():
    assert pauses_of([0, 20, 20, 1000]) == [0, 0, 0, 0]


def test_no_more_than_a_fiftieth_of_its_time_goes_into_that():
    pauses = pauses_of([1000, *([1] * 2000)])

    assert sum(pauses[:45]) == 44
    assert sum(pauses[1000:]) * 0.2 <= 0.02 * 1000 * 1.2 + 0.2
