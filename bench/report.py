"""The page with the figures: written from what each measure has last found, plots and all."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from bench import measures, plots
from bench.figures import Figure, from_builtins, table, to_builtins

DOCS = Path(__file__).parent.parent / "docs"
PAGE = DOCS / "benchmarks.md"
RESULTS = DOCS / "benchmarks.json"
IMAGES = DOCS / "images"

PREFACE = """\
# Benchmarks

Every manager does the same work on the same machine, in turns, each in a temporary home with its
default settings. Figures are medians, with the 10th and 90th percentile. Ratios compare pmdaemon's
median to PM2's. The last column shows the goal that pmdaemon has set itself, and whether it is kept
or missed. No test depends on any of this.

    make bench                                  # everything, in about half an hour
    make bench BENCH_ARGS="list start --write"  # some of it, updating this page

PM2 comes from npm, supervisor and circus from PyPI, runit, nginx, caddy and wrk from Debian. What
is missing is fetched on the first run, without root; what cannot be had is left out, and that is
said. Output is written by a C program, or by Python where there is no C compiler. supervisor,
circus and runit start with a configuration that names all programs, so their start times include
that of their daemon.
"""

AFTERWORD = """\
## About the requests to a cluster

Neither manager is involved once a connection is accepted, and under pmdaemon an instance needs as
much processor time for a request as in Node alone. What differs is one start from the next: the
same program, started twice, may be a sixth faster or slower for as long as it runs. So every sample
is taken from a new start, and the managers take turns.

On two processors, two instances and the load generator also compete with each other, and the
scheduler may share time out by session (autogroup in sched(7)): PM2's instances have one session,
pmdaemon's have one each. In the row "all at one priority" that makes no difference, as everything
is scheduled in real time, the managers included. Measuring that row needs root.

## Where pmdaemon is not ahead, and why

* **Output, one write per line**: most of the time is spent by the writer, in its own calls. The row
  "that writer alone into a file" shows how fast it is with no manager at all, which is less than
  four times what PM2 captures of it. pmdaemon comes close to that.
* **First start**: circus has no store to create, and no process that takes over when its daemon
  dies.
* **List**: runit's `sv` is a small C program. All the others have to start an interpreter first.
* **Crash to next start**: most of it is the start of the program itself. runit, in C, adds next to
  nothing to that. pmdaemon adds about four milliseconds: it stores how the program ended, and then
  that it is being started again, before it starts it. So if the daemon is killed at any point in
  between, the next one still knows what there was.
* **Idle memory**: supervisor is one process, pmdaemon is two. A Python interpreter that does
  nothing takes 2.8 MiB. The keeper, which lets programs outlive the daemon, takes 3.5 MiB. The
  daemon takes 16.6 MiB: 5 for asyncio, 1 for the validated message types, 5 for our own code, 1 for
  the open store, and 20 KiB for each of 100 programs. runit's C programs take a few pages each.
* **Idle CPU with many programs**: pmdaemon measures every program and all its children every two
  seconds, so that memory limits act soon and the figures it shows are of this moment. PM2 looks
  every 30 seconds and at main processes only, so a short measurement often catches none of it.
* **The proxy** is written in Python, runs in one process, and needs several times as long as nginx
  for each request. It exists for what needs knowledge of the programs: holding requests while one
  starts, and switching runs without downtime. The latency it adds at the 99th percentile depends
  very much on what else the machine is doing, so compare it with what nginx and caddy add in the
  same run.
"""


class Result(Struct, frozen=True):
    """What a measure has found, and on what."""

    machine: str
    figures: Sequence[Figure]


def write(name: str, machine: str, figures: Sequence[Figure]) -> None:
    """Put the figures of a measure in place of those before, and write the page anew."""
    results = {**_read(), name: Result(machine, figures)}
    results = {each: results[each] for each in measures.ALL if each in results}
    stored = {
        each: {"machine": one.machine, "figures": to_builtins(one.figures)}
        for each, one in results.items()
    }
    RESULTS.write_text(json.dumps(stored, indent=1, ensure_ascii=False) + "\n", "utf-8")
    IMAGES.mkdir(exist_ok=True)
    PAGE.write_text(_page(results), "utf-8")


def _read() -> Mapping[str, Result]:
    if not RESULTS.exists():
        return {}
    stored = json.loads(RESULTS.read_text("utf-8"))
    return {
        name: Result(one["machine"], from_builtins(one["figures"])) for name, one in stored.items()
    }


def _page(results: Mapping[str, Result]) -> str:
    parts = [PREFACE]
    figures = [figure for result in results.values() for figure in result.figures]
    for file, drawn in plots.draw(figures).items():
        (IMAGES / file).write_text(drawn.svg, "utf-8")
        parts.append(f"![{drawn.title}](images/{file})\n")
    machine = ""
    for name, result in results.items():
        if result.machine != machine:
            machine = result.machine
            parts.append(f"Measured with {machine}:\n")
        parts.append(f"## {name}\n\n{measures.describe(name)}\n\n{table(result.figures)}\n")
    parts.append(AFTERWORD)
    return "\n".join(parts)
