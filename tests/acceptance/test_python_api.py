"""The Python API as its documentation has it: each example is a program of its own."""

import asyncio
import re
import sys

import pytest

from pmdaemon import AsyncClient, Client
from tests.support.cli import ROOT
from tests.support.ports import free_port

pytestmark = pytest.mark.shared_home

TEXT = (ROOT / "docs" / "python-api.md").read_text()

EXAMPLES = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)

PRINTED = [
    "files online 0\n",
    "2 and 1 restarted\n",
    "True 157286400\n",
    "no process, id or namespace is called ap; did you mean app?\n['app']\nscript_not_found\n",
    "app is up\n",
    "out one\nout two\n",
]


@pytest.mark.posix
@pytest.mark.parametrize(("program", "printed"), list(zip(EXAMPLES, PRINTED, strict=True)))
def test_an_example_does_what_is_said(pmdaemon, program, printed):
    program = program.replace("8123", str(free_port()))

    done = pmdaemon.execute([sys.executable, "-W", "error", "-c", program], status=None)

    assert (done.err, done.out) == ("", printed)


def test_every_verb_is_documented():
    verbs = {name for name in vars(Client) if not name.startswith("_")}
    told = set(re.findall(r"`(\w+)[`(]", TEXT.partition("## All verbs")[2]))

    assert verbs - told == set()


@pytest.mark.posix
def test_what_one_client_started_the_other_sees(pmdaemon):
    Client(str(pmdaemon.home), environment=pmdaemon.environment).start("sleep 1000", name="app")

    [app] = asyncio.run(AsyncClient(str(pmdaemon.home), environment={}, start=False).list())

    assert app["pid"] == pmdaemon.pid("app")
