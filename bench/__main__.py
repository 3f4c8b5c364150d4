"""`python -m bench [MEASURE…]`: take figures, and print them as a Markdown table."""

import argparse
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench import measures, peers, report
from bench.figures import Figure, table
from bench.managers import Maker, contest
from bench.system import BenchFailed, describe_machine


def main() -> int:
    """Take the figures asked for; 1 when something went wrong."""
    options = _options()
    # So that everything which was started is ended then, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        ours, theirs, others = peers.find_ours(), peers.find_pm2(), peers.find_others()
        machine = _machine(ours, theirs)
    except BenchFailed as failure:
        return _complain(failure)
    print(machine, file=sys.stderr)
    figures: list[Figure] = []
    failed = 0
    for name in options.measures or measures.ALL:
        try:
            taken = _take(name, ours, theirs, others, options.effort)
        except peers.ToolMissing as missing:
            print(f"  left out: {missing}", file=sys.stderr)
            continue
        except (BenchFailed, OSError, subprocess.SubprocessError) as failure:
            # What the other measures find is worth having all the same.
            failed = _complain(failure)
            continue
        figures += taken
        if options.write:
            report.write(name, machine, taken)
    print(f"\n{machine}\n\n{table(figures)}")
    if options.write:
        print(f"\nwritten to {report.PAGE}")
    return failed


def _take(
    name: str, ours: Path, theirs: Path, others: Sequence[Maker], effort: float
) -> Sequence[Figure]:
    print(f"{name}: {measures.describe(name)}", file=sys.stderr, flush=True)
    began = time.monotonic()
    with contest(ours, theirs, others) as pair:
        taken = measures.ALL[name](pair, effort)
    for line in _indented(taken):
        print(line, file=sys.stderr)
    print(f"  took {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return taken


def _indented(figures: Sequence[Figure]) -> Iterator[str]:
    return (f"  {line}" for line in table(figures).splitlines())


def _complain(failure: Exception) -> int:
    print(f"bench: {failure}", file=sys.stderr)
    return 1


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
    listing = "\n".join(f"  {name:14} {measures.describe(name)}" for name in measures.ALL)
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description=f"measures:\n{listing}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("measures", nargs="*", metavar="MEASURE", choices=[*measures.ALL, []])
    parser.add_argument("--effort", type=float, default=1.0, help="how much to do (default 1)")
    parser.add_argument(
        "--write", action="store_true", help=f"put it into {report.PAGE.name}, in place of before"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
