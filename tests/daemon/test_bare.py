import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import pmdaemon
from pmdaemon.daemon import bare

COSTLY = {
    "array", "asyncio", "collections", "contextlib", "ctypes", "dataclasses", "enum", "functools",
    "importlib.util", "inspect", "json", "logging", "pathlib", "re", "runpy", "signal", "socket",
    "subprocess", "threading", "types", "typing",
}  # fmt: skip
MESSAGES = [
    {"keep": ["control", "out web-0"], "drop": "a\n\u20ac\udc80"},
    {"exits": [[100, 1000, None, 9], [101, 1010, 0, None]], "limits": (1024, 4096)},
    {"error": {"code": "c", "message": 'say "no"', "details": {"load": 1.5, "done": True}}},
    [],
    None,
]


def run(*options, **environment):
    root = str(Path(pmdaemon.__file__).parent.parent)
    return subprocess.run(
        [sys.executable, "-S", *options],  # without what this machine loads into every Python
        env={**os.environ, "PYTHONPATH": root, **environment},
        capture_output=True,
        text=True,
        check=True,
    )


def test_a_keeper_loads_nothing_that_costs_memory_for_as_long_as_programs_run():
    """`ctypes` is loaded later, for one call."""
    done = run("-X", "importtime", *pmdaemon.KEEPER_COMMAND, "--check", "yes")

    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "pmdaemon.daemon.keeper" in loaded
    assert loaded & COSTLY == set()


@pytest.mark.parametrize("message", MESSAGES, ids=range(len(MESSAGES)))
def test_json_is_written_and_read_as_by_the_library(message):
    as_read = json.loads(json.dumps(message))

    assert json.loads(bare.encoded(message)) == as_read
    assert bare.decoded(json.dumps(message).encode()) == as_read


@pytest.mark.parametrize(
    "text",
    [b"", b"nonsense", b"\xff", b"{", b'{"a"', b"[1] [2]", b"[" * 60_000],
    ids=["nothing", "words", "bytes", "open", "half", "two", "deep"],
)
def test_what_is_no_json_is_refused(text):
    with pytest.raises((ValueError, RecursionError)):
        bare.decoded(text)


def test_what_json_does_not_have_is_not_written():
    with pytest.raises(TypeError):
        bare.encoded({"set": {1}})


def test_a_python_whose_json_has_no_half_in_c_does_the_same():
    program = "import sys; sys.modules['_json'] = None; from pmdaemon.daemon import bare; "
    program += "print(bare.decoded(bare.encoded({'a': [1, None, 'x']})), 'json' in sys.modules)"

    assert run("-c", program).stdout == "{'a': [1, None, 'x']} True\n"
