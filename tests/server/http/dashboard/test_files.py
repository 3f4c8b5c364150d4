import re

from pmdaemon.server.http.dashboard.files import FOLDER, PLACE_OF_VERSION, static_files

LARGEST = 100 * 1024
"""Bytes that all of the dashboard may have, as it stands and not compressed."""

COLOURS_OF_STYLE = re.compile(r"\bstyle\s*=", re.IGNORECASE)


def text_of(name):
    return (FOLDER / name).read_text(encoding="utf-8")


def test_all_of_it_is_small():
    files = static_files()

    total = sum(len(file.body) for file in (files.page, *files.others.values()))
    assert total < LARGEST, f"{total} bytes are {total - LARGEST} too many"


def test_every_file_is_served_but_the_page():
    names = {path.name for path in FOLDER.iterdir()}

    assert set(static_files().others) == names - {"index.html"}


def test_the_version_stands_wherever_the_page_names_a_file():
    files = static_files()
    page = files.page.body.decode()

    assert PLACE_OF_VERSION.decode() not in page
    named = re.findall(r'(?:src|href)="dashboard/(\w+)/([\w.-]+)"', page)
    assert {version for version, _ in named} == {files.version}
    assert {name for _, name in named} <= set(files.others)
    assert len(named) == 5


def test_every_module_that_is_imported_is_there():
    scripts = [name for name in static_files().others if name.endswith(".js")]

    imported = {
        found
        for name in scripts
        for found in re.findall(
            r'^import (?:.* from )?"\./([\w.-]+)";$', text_of(name), re.MULTILINE
        )
    }
    assert imported <= set(scripts)
    assert set(scripts) - imported == {"main.js", "theme.js"}


def test_nothing_comes_from_elsewhere():
    for name in static_files().others:
        addresses = set(re.findall(r"https?://[^\s\"'`)]+", text_of(name)))

        assert addresses <= {"http://www.w3.org/2000/svg"}, name


def test_no_text_ever_becomes_markup():
    doors = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|Function\("
    )

    assert not [name for name in static_files().others if doors.search(text_of(name))]


def test_the_page_has_no_script_and_no_style_within_it():
    page = text_of("index.html")

    assert not re.findall(r"<script(?![^>]*\bsrc=)", page)
    assert "<style" not in page
    assert not COLOURS_OF_STYLE.search(page)
    assert not re.search(r"\bon\w+=", page)


def test_every_module_says_what_it_is_about():
    for name in static_files().others:
        if name.endswith(".svg"):
            continue
        assert text_of(name).startswith(("// ", "/* ")), name
