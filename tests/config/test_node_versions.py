import time

import pytest

from pmdaemon.config import node_versions
from pmdaemon.config.node_versions import NodeVersions

WHERE = {"PATH": "/usr/bin:/bin"}


@pytest.fixture
def node(tmp_path, monkeypatch):
    """Makes a node of a few lines of shell, and tells where it is."""
    monkeypatch.setattr(node_versions, "PATIENCE", 60.0)  # however busy the machine is

    def make(text):
        program = tmp_path / "node"
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)
        return str(program)

    return make


def test_node_is_asked_once(node, tmp_path):
    program = node(f'echo x >> {tmp_path}/asked; echo "v20.1.2 of $1" | sed "s/ of --version//"')
    versions = NodeVersions(WHERE)

    assert [versions.of(program), versions.of(program)] == ["20.1.2", "20.1.2"]
    assert (tmp_path / "asked").read_text() == "x\n"


def test_other_programs_have_none_and_are_not_run(tmp_path):
    assert NodeVersions(WHERE).of("/usr/bin/python3") is None
    assert NodeVersions(WHERE).of("/bin/nodemon") is None


@pytest.mark.parametrize("text", ["echo soon", "exit 1", "echo v1.2.3 v4.5.6"])
def test_what_says_no_version_has_an_unknown_one(node, text):
    assert NodeVersions(WHERE).of(node(text)) == "N/A"


def test_what_is_not_there_has_an_unknown_one(tmp_path):
    assert NodeVersions(WHERE).of(str(tmp_path / "node")) == "N/A"


def test_what_does_not_answer_is_ended(node, tmp_path, monkeypatch):
    monkeypatch.setattr(node_versions, "PATIENCE", 0.01)
    began = time.monotonic()

    assert NodeVersions(WHERE).of(node("exec sleep 60")) == "N/A"
    assert time.monotonic() - began < 30
