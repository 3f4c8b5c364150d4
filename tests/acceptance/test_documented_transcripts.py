"""Sessions that pages show, typed into a shell: what is printed is what the page says.

The sessions of a page follow each other, in one home. `cat FILE` makes the file that it shows, and
`…` stands for lines that are left out. Figures, and the widths of columns, may differ; and who
looks sooner than a reader would looks again.
"""

import os
import re
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.cli import PATIENCE, a_home
from tests.support.documentation import PAGES, ROOT, Typed, transcripts_in
from tests.support.ports import free_port
from tests.support.waiting import eventually_sync

WITH_SESSIONS = [page for page in PAGES if transcripts_in(page.read_text())]

ANY_LINES = "…"

LOOKS = ("pmdaemon list", "pmdaemon logs", "pmdaemon explain", "pmdaemon history", "curl ")
"""What may be typed again."""

_PORT = re.compile(r"(?<![\d.:])(3000|5000|7000|8000|8080|9615|9680)(?!\d)|(?<=:)(3000|9615|9680)")
"""Ports that pages speak of, any of which somebody may use here."""

_WEB = re.compile(r"pmdaemon web\b(?!.*--(?:port|off))")
"""What takes a port that it does not name."""

_SIZE = re.compile(r"\d+(?:\.\d+)? (?:B|KB|MB|GB)\b")

_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def gist(line: str) -> str:
    """Reduce a line to what is the same each time."""
    words = re.sub(r"\s+", " ", _NUMBER.sub("0", _SIZE.sub("SIZE", line)))
    # What began this very moment has not been measured yet.
    return re.sub(r"─+", "─", words.replace("│ 0% │ - │", "│ 0% │ SIZE │")).strip()


def is_as_said(printed: list[str], said: list[str]) -> bool:
    """Compare what was printed with what a page says, in which lines may be left out."""
    if not said:
        return not printed
    if said[0] == ANY_LINES:
        rest = said[1:]
        return any(is_as_said(printed[skipped:], rest) for skipped in range(len(printed) + 1))
    return bool(printed) and printed[0] == said[0] and is_as_said(printed[1:], said[1:])


class Shell:
    """Types lines as a reader would, for a home and with ports of its own."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._folder = folder
        self._environment = environment
        self._ports: dict[str, str] = {}

    def ports(self, text: str) -> str:
        """Put free ports in place of those that a page speaks of."""

        def free(found: re.Match[str]) -> str:
            return self._ports.setdefault(found[0], str(free_port()))

        return _PORT.sub(free, _WEB.sub(r"\g<0> --port 9615", text))

    def goes_as_said(self, line: Typed) -> None:
        """Type a line, and compare what is printed."""
        said = [gist(self.ports(each)) for each in line.printed]
        printed: list[str] = []

        def as_said() -> bool:
            printed[:] = [gist(each) for each in self.type(line)]
            return is_as_said(printed, said)

        if line.text.startswith(LOOKS):
            with suppress(AssertionError):
                eventually_sync(as_said)
        else:
            as_said()
        assert is_as_said(printed, said), "\n".join([line.text, *printed])

    def type(self, line: Typed) -> list[str]:
        """Do what a line says, and return what is printed."""
        command = self.ports(line.text)
        if command.startswith("cat ") and "|" not in command:
            shown = self.ports("\n".join(line.printed))
            (self._folder / command.removeprefix("cat ")).write_text(f"{shown}\n")
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        return done.stdout.splitlines()


@pytest.mark.parametrize("page", WITH_SESSIONS, ids=lambda page: page.name)
def test_a_session_that_a_page_shows_goes_as_it_says(page: Path, tmp_path: Path):
    with a_home(tmp_path, tmp_path / "work/.local/share/pmdaemon") as pmdaemon:
        (pmdaemon.work / "examples").symlink_to(ROOT / "examples")
        command = pmdaemon.script("bin/pmdaemon", "", mode=0o755)
        command.write_text(f'#!/bin/sh\nexec {" ".join(pmdaemon.command())} "$@"\n')
        path = f"{command.parent}{os.pathsep}{pmdaemon.environment['PATH']}"
        plain = {name: value for name, value in pmdaemon.environment.items() if name != "PORT"}
        shell = Shell(pmdaemon.work, {**plain, "PATH": path})
        for session in transcripts_in(page.read_text()):
            for line in session:
                shell.goes_as_said(line)


@pytest.mark.parametrize(
    ("printed", "said", "same"),
    [
        (["a", "b"], ["a", "b"], True),
        (["a", "b"], ["a"], False),
        (["a"], ["a", "b"], False),
        (["a", "x", "y", "b"], ["a", "…", "b"], True),
        (["a", "x"], ["a", "…", "b"], False),
    ],
)
def test_what_is_printed_is_compared_line_by_line(printed, said, same):
    assert is_as_said(printed, said) is same


def test_figures_and_the_widths_of_columns_do_not_count():
    assert gist("│  0 │ app  │ 42.5 MB │  6744 │") == gist("│ 12 │ app │ 980 KB │ 99 │")
    assert gist("│  0 │ app  │") != gist("│  0 │ api  │")
