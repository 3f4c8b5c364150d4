import re

import pytest

from pmdaemon.server.http.dashboard.files import (
    DEPLOY_FOLDER,
    FOLDER,
    PLACE_OF_VERSION,
    SHARED,
    deploy_files,
    static_files,
)

LARGEST = 100 * 1024
"""Bytes that all of the dashboard may have, as it stands and not compressed."""

LARGEST_OF_DEPLOYMENTS = 40 * 1024
"""Bytes that the page of deployments may have beside what it shares with the dashboard."""

EITHER = pytest.mark.parametrize(
    ("files", "main"), [(static_files, "main.js"), (deploy_files, "deploy.js")]
)

COLOURS_OF_STYLE = re.compile(r"\bstyle\s*=", re.IGNORECASE)


def text_of(name):
    folder = FOLDER if (FOLDER / name).exists() else DEPLOY_FOLDER
    return (folder / name).read_text(encoding="utf-8")


def test_all_of_it_is_small():
    files = static_files()

    total = sum(len(file.body) for file in (files.page, *files.others.values()))
    assert total < LARGEST, f"{total} bytes are {total - LARGEST} too many"


def test_the_page_of_deployments_is_small_too():
    own = sum(path.stat().st_size for path in DEPLOY_FOLDER.iterdir())

    assert own < LARGEST_OF_DEPLOYMENTS, f"{own - LARGEST_OF_DEPLOYMENTS} bytes too many"


def test_every_file_is_served_but_the_page():
    names = {path.name for path in FOLDER.iterdir()}
    of_deployments = {path.name for path in DEPLOY_FOLDER.iterdir()}

    assert set(static_files().others) == names - {"index.html"}
    assert set(deploy_files().others) == of_deployments - {"index.html"} | set(SHARED)
    assert not (of_deployments & names) - {"index.html"}


@EITHER
def test_the_version_stands_wherever_the_page_names_a_file(files, main):
    page = files().page.body.decode()

    assert PLACE_OF_VERSION.decode() not in page
    named = re.findall(r'(?:src|href)="(?:dashboard|deploy)/(\w+)/([\w.-]+)"', page)
    assert {version for version, _ in named} == {files().version}
    assert {name for _, name in named} <= set(files().others)
    assert len(named) == len(re.findall(r"<(?:link|script)\b", page))


@EITHER
def test_every_module_that_is_imported_is_there(files, main):
    scripts = [name for name in files().others if name.endswith(".js")]

    imported = {
        found
        for name in scripts
        for found in re.findall(
            r'^import (?:.* from )?"\./([\w.-]+)";$', text_of(name), re.MULTILINE
        )
    }
    assert imported <= set(scripts)
    assert set(scripts) - imported == {main, "theme.js"}


@EITHER
def test_nothing_comes_from_elsewhere(files, main):
    for name in files().others:
        addresses = set(re.findall(r"https?://[^\s\"'`)]+", text_of(name)))

        assert addresses <= {"http://www.w3.org/2000/svg", "https://github.com/user/repo"}, name


@EITHER
def test_no_text_ever_becomes_markup(files, main):
    doors = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|Function\("
    )

    assert not [name for name in files().others if doors.search(text_of(name))]


@EITHER
def test_the_page_has_no_script_and_no_style_within_it(files, main):
    page = files().page.body.decode()

    assert not re.findall(r"<script(?![^>]*\bsrc=)", page)
    assert "<style" not in page
    assert not COLOURS_OF_STYLE.search(page)
    assert not re.search(r"\bon\w+=", page)


@EITHER
def test_every_module_says_what_it_is_about(files, main):
    for name in files().others:
        if name.endswith(".svg"):
            continue
        assert text_of(name).startswith(("// ", "/* ")), name
