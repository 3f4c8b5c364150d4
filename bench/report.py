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
# Figures, side by side

All managers do the same work on one machine, in turns, each in a temporary home with its defaults.
Medians, with the 10th and 90th percentile; ratios are pmdaemon's median to PM2's. A promise that
was missed is said to be. No test depends on any of this.

    make bench                                  # all of it: some 20 minutes, best undisturbed
    make bench BENCH_ARGS="list start --write"  # some, put into this page

PM2 comes from npm, supervisor and circus from PyPI, runit and caddy from Debian; what is missing is
got at the first run. supervisor, circus and runit are started with a configuration that names all
programs, so their starts include that of their daemon. nginx, wrk and a C compiler have to be
there; what takes one that is not is left out.
"""

AFTERWORD = """\
## Where it is not ahead, and why

* **200 from one file** takes a little more than a quarter of PM2's time, and 1,000 a little less:
  the command itself is a part of the first. It keeps both processors busy. To begin at all takes a
  `sleep` some 0.7 ms, whoever starts it. The daemon takes as much for each: a spawn, two FIFOs and
  two files for its output, and what is recorded of it *before* it is started, so that a daemon that
  is killed in between loses and doubles nothing.
* **Output, a write a line**: the writer is what takes the time. Alone, into a file, it is not much
  faster than with us.
* **First start**: circus has no store to make, and nobody who would take its place when it
  dies.
* **List**: runit's `sv` is a small program in C. The others start an interpreter first.
* **Memory** when idle: supervisor is one process, and we are two. A Python that does nothing is
  2.8 MiB; the keeper, by which programs outlive the daemon, takes 3.5, and the daemon 16.6: 5 for
  asyncio, 1 for the checked types of messages, 5 for all that is ours, 1 for the open store,
  and 20 KiB for each of 100 programs. runit's programs in C take a few pages each.
* **The proxy** is Python in one process, and takes several times what nginx takes for a
  request. It is there for what has to know of programs: to hold requests while one starts, and
  to swap runs without a gap. What it adds to the slowest of them says much about who else uses
  the machine: compare it with what nginx and caddy add in the same run.
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
            parts.append(f"Taken with {machine}:\n")
        parts.append(f"## {name}\n\n{measures.describe(name)}\n\n{table(result.figures)}\n")
    parts.append(AFTERWORD)
    return "\n".join(parts)
