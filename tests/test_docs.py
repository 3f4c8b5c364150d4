"""What the pages say has to hold: their links lead somewhere, and the site can be built."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import python_manual

ROOT = Path(__file__).parents[1]

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

_LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_file_leads_to_one(page: Path):
    links = _LINK.findall(page.read_text())

    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_verb_of_the_python_api_is_told_as_it_is():
    told = python_manual.PATH.read_text("utf-8")

    assert told == python_manual.manual(), "run: python -m tests.support.python_manual"


@pytest.mark.timeout(240)  # many pages, some of them long
def test_every_page_is_in_the_site_and_every_reference_is_found(tmp_path: Path):
    build = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-d", tmp_path / "trees"]

    built = subprocess.run(
        [*build, "-b", "html", ROOT / "docs", tmp_path / "site"],
        env={**os.environ, "LC_ALL": "C.UTF-8"},  # it takes no locale that is not installed
        capture_output=True,
        text=True,
        check=False,
    )

    assert (built.returncode, built.stderr) == (0, "")
    assert (tmp_path / "site" / "index.html").exists()
