import os

import pytest

from pmdaemon.config.formats.javascript import evaluate
from pmdaemon.core.errors import InvalidInput
from tests.support.machine import needs
from tests.support.waiting import eventually_sync

pytestmark = needs("node")

ENVIRONMENT = {"PATH": os.environ["PATH"], "MODE": "fast"}
APPS = {"apps": [{"script": "a.js"}]}


@pytest.fixture
def evaluated(tmp_path):
    def evaluated(name, text, **more):
        path = tmp_path / name
        path.write_text(text)
        return evaluate(str(path), ENVIRONMENT, **{"deadline": 60.0, **more})

    return evaluated


def reason(evaluated, name, text, **more):
    with pytest.raises(ValueError, match=r".") as refusal:
        evaluated(name, text, **more)
    return str(refusal.value)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.config.js", "module.exports = {apps: [{script: 'a.js', gone: undefined}]}"),
        ("a.config.cjs", "exports.apps = [{script: 'a.js'}]"),
        ("a.config.mjs", "export default {apps: [{script: 'a.js'}]}"),
        ("a.config.mjs", "export const apps = [{script: 'a.js'}]"),
        ("a.config.js", "exports.__esModule = true; exports.default = {apps: [{script: 'a.js'}]}"),
        ("a.config.js", "module.exports = async () => ({apps: [{script: 'a.js'}]})"),
        ("a.config.mjs", "export default Promise.resolve({apps: [{script: 'a.js'}]})"),
        ("a.config.js", "setInterval(() => {}, 9); module.exports = {apps: [{script: 'a.js'}]}"),
        ("a b's.config.js", "module.exports = {apps: [{script: 'a.js'}]}"),
    ],
)
def test_a_module_says_what_it_exports(evaluated, name, text):
    assert evaluated(name, text) == APPS


def test_it_has_the_environment_and_other_modules(evaluated):
    text = "module.exports = {name: require('node:path').join('a', process.env.MODE)}"

    assert evaluated("a.config.js", text) == {"name": "a/fast"}


def test_an_expression_is_what_it_is():
    text = "{apps: [{script: 'a' + '.js'},], // all\n}"

    assert evaluate("a.json", ENVIRONMENT, expression=text, deadline=60.0) == APPS


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a.config.js", "1\nnope", "ReferenceError: nope is not defined at line 2"),
        ("a.config.mjs", "1\nnope", "ReferenceError: nope is not defined at line 2"),
        ("a.config.js", "a = {\n\n", "SyntaxError: Unexpected end of input at line 3"),
        ("a.config.mjs", "export default {\n}}", "SyntaxError: Unexpected token '}' at line 2"),
        ("a.config.js", "require('./b')", "Error: Cannot find module './b' at line 1"),
        ("a.config.js", "throw 'enough'", "enough"),
        ("a.config.js", "process.exit(3)", "it ended without saying why"),
        ("a.config.js", "a = {}; a.a = a; module.exports = a", "TypeError: Converting circular"),
        ("a.config.js", "module.exports = 'x'.repeat(2e7)", "its result is larger than 10 MB"),
        ("a.config.js", "throw new Error('\x1b[2J')", r"Error: \x1b[2J at line 1"),
    ],
)
def test_what_goes_wrong_is_one_sentence(evaluated, name, text, expected):
    assert reason(evaluated, name, text).startswith(expected)


@pytest.mark.parametrize(
    "text",
    [
        "while (true) {}",
        "for (;;) console.error('again')",
        "module.exports = new Promise(() => setInterval(() => {}, 99))",
    ],
)
def test_one_that_never_ends_is_ended(evaluated, text):
    assert reason(evaluated, "a.config.js", text, deadline=0.5) == (
        "it was not evaluated within 0.5 s"
    )


def test_what_it_started_ends_with_it(evaluated, tmp_path):
    text = """
        const child = require('node:child_process').spawn('sleep', ['1000'], {stdio: 'inherit'})
        module.exports = {pid: child.pid}
    """

    pid = evaluated("a.config.js", text)["pid"]

    eventually_sync(lambda: not is_running(pid))


def test_without_node_the_sentence_says_so(tmp_path):
    with pytest.raises(
        InvalidInput, match="it is JavaScript, and node is not installed"
    ) as refusal:
        evaluate("a.config.js", {"PATH": str(tmp_path)})

    assert refusal.value.code == "interpreter_not_found"


def test_a_node_that_cannot_be_run_is_one_sentence(tmp_path):
    node = tmp_path / "node"
    node.write_bytes(b"\x7f no program")
    node.chmod(0o755)

    with pytest.raises(ValueError, match="node cannot be run: "):
        evaluate("a.config.js", {"PATH": str(tmp_path)})


def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
