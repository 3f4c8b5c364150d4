"""The Dockerfile, as far as it can be checked without an engine."""

import configparser
import json
import re
from fnmatch import fnmatch
from pathlib import Path

from pmdaemon.cli.verbs import VERBS

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "Dockerfile").read_text()
IGNORED = (ROOT / ".dockerignore").read_text().splitlines()


def copied():
    lines = re.findall(r"^COPY (?!--from)(.*)$", TEXT, re.MULTILINE)
    return [word for line in lines for word in line.split()[:-1]]


def test_what_is_copied_is_there_and_not_ignored():
    assert copied()
    for name in copied():
        assert (ROOT / name).exists(), name
        assert f"!{name}" in IGNORED


def test_what_the_package_is_built_of_is_copied():
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    described = setup["metadata"]["long_description"].removeprefix("file:").strip()

    for name in (described, setup["metadata"]["license_files"].strip(), "setup.cfg", "pmdaemon"):
        assert name in copied()


def test_no_secret_and_no_leftover_comes_along():
    assert IGNORED[1] == "*"
    assert any(fnmatch("pmdaemon/core/__pycache__", line) for line in IGNORED)


def test_the_entry_point_is_a_command_of_ours():
    program, verb = json.loads(re.search(r"^ENTRYPOINT (.*)$", TEXT, re.MULTILINE)[1])
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")

    assert f"{program} =" in setup["options.entry_points"]["console_scripts"]
    assert verb in VERBS


def test_it_does_not_run_as_root():
    users = re.findall(r"^USER (.*)$", TEXT, re.MULTILINE)

    assert users == ["app"]
    assert TEXT.index("USER app") < TEXT.index("ENTRYPOINT")
