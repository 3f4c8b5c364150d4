"""`python -m bench [MEASURE…]`: take figures, and print them as a Markdown table."""

import argparse
import json
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bench import measures, peers
from bench.figures import HEADER, Figure
from bench.managers import both
from bench.system import BenchFailed, describe_machine

REPORT = Path(__file__).parent.parent / "docs" / "benchmarks.md"

PREFACE = """\
# Figures, side by side

Both managers in one run on one machine, in turns, each in a temporary home with its defaults.
Medians, with the 10th and 90th percentile. A ratio is pmdaemon's median to PM2's. Taken by hand
with `make bench`; no test depends on them.
"""


def main() -> int:
    """Take the figures asked for; 1 when something went wrong."""
    options = _options()
    # So that everything which was started is ended then, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        ours, theirs = peers.find_ours(), peers.find_pm2()
        machine = _machine(ours, theirs)
        print(machine, file=sys.stderr)
        figures = _take(options.measures or list(measures.ALL), ours, theirs, options.effort)
    except BenchFailed as failure:
        print(f"bench: {failure}", file=sys.stderr)
        return 1
    table = "\n".join([HEADER, *(figure.row() for figure in figures)])
    print(f"\n{machine}\n\n{table}")
    if options.write:
        REPORT.write_text(f"{PREFACE}\n{machine}\n\n{table}\n", "utf-8")
        print(f"\nwritten to {REPORT}")
    return 0


def _take(names: Sequence[str], ours: Path, theirs: Path, effort: float) -> list[Figure]:
    figures: list[Figure] = []
    for name in names:
        print(f"{name}: {measures.describe(name)}", file=sys.stderr, flush=True)
        began = time.monotonic()
        with both(ours, theirs) as pair:
            taken = measures.ALL[name](pair, effort)
        for figure in taken:
            print(f"  {figure.row()}", file=sys.stderr)
        print(f"  took {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
        figures += taken
    return figures


def _machine(ours: Path, theirs: Path) -> str:
    versions = f"pmdaemon {_said([ours, '--version'])}, PM2 {_package_version(theirs)}"
    return f"{versions}, Node {_said(['node', '--version'])}; {describe_machine()}"


def _said(command: Sequence[str | Path]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip().removeprefix("pmdaemon").strip(" ,") or "?"


def _package_version(pm2: Path) -> str:
    # Asking `pm2 --version` would start a daemon.
    package = pm2.resolve().parent.parent / "package.json"
    return str(json.loads(package.read_text("utf-8"))["version"])


def _options() -> argparse.Namespace:
    listing = "\n".join(f"  {name:8} {measures.describe(name)}" for name in measures.ALL)
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description=f"measures:\n{listing}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("measures", nargs="*", metavar="MEASURE", choices=[*measures.ALL, []])
    parser.add_argument("--effort", type=float, default=1.0, help="how much to do (default 1)")
    parser.add_argument("--write", action="store_true", help=f"put the table into {REPORT.name}")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
