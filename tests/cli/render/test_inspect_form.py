import json
import shutil
import subprocess

import pytest

from pmdaemon.cli.render.inspect_form import inspected

NODE = shutil.which("node")

VALUES = {
    "nothing": None,
    "short": {"a": 1, "b": [], "c": {}, "d": True, "e": None, "f": "x", "g": 1.5},
    "quotes": ["plain", "it's", 'say "x" it\'s', "back`tick's\""],
    "escapes": ["a\nb", "é\x01\\\t"],
    "keys": {"x-y": 1, "1a": 2, "$a": 3, "it's": 4},
    "levels": {"l": {"m": {"n": {"o": {"p": 1}}}}},
    "levels-not-last": {"l": {"m": {"n": {"o": 1}}}, "z": 1},
    "six": [0, 1, 2, 3, 4, 5],
    "seven": [0, 1, 2, 4, 5, 6, 7],
    "many": list(range(120)),
    "one-too-many": list(range(101)),
    "words": ["a", "b", "c", "d", "e", "f", "g", "h"],
    "uneven": ["aaaaaaaaaaaaaaaaa", "b", "cccc", "ddddddd", "eeeee", "f", "g", "hh", "iiiiiiiiii"],
    "long": {"q": "x" * 120, "k": ["-" * 33, "b" * 36, "c"]},
    "lines": {"z": "l1 " + "a" * 40 + "\nl2 " + "b" * 45 + "\nl3\n"},
    "list": [{"pid": 1, "pm2_env": {"env": {"A": "b"}, "args": ["--x", "1"]}, "monit": {"cpu": 0}}],
    "paths": [f"/srv/app/{number}" for number in range(30)],
}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ([], "[]"),
        ([1, 2], "[ 1, 2 ]"),
        ([0, 1, 2, 4, 5, 6, 7], "[\n  0, 1, 2, 4,\n  5, 6, 7\n]"),
        ({"msg": "pong"}, "{ msg: 'pong' }"),
        (["it's"], '[ "it\'s" ]'),
        ([float("nan"), float("-inf")], "[ NaN, -Infinity ]"),
    ],
)
def test_values_are_written_as_node_writes_them(value, text):
    assert inspected(value) == text


@pytest.mark.skipif(NODE is None, reason="there is no node to compare with")
@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_node_itself_writes_the_same(value):
    program = (
        "console.log(require('util').inspect(JSON.parse(process.argv[1]), false, null, false))"
    )
    node = subprocess.run(
        [NODE, "-e", program, json.dumps(value)], capture_output=True, text=True, check=True
    )

    assert inspected(value) == node.stdout.removesuffix("\n")
