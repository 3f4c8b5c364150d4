import pytest

from pmdaemon.config.runtimes.missing_programs import missing_program, worded


@pytest.mark.parametrize(
    ("line", "program"),
    [
        ("sh: 1: pnpm: not found", "pnpm"),
        ("/bin/sh: 1: ./gradlew: not found", "./gradlew"),
        ("/bin/sh: line 1: python3.12: command not found", "python3.12"),
        ("/bin/sh: uv: not found", "uv"),
        ("env: \u2018node\u2019: No such file or directory", "node"),
        ("npm ERR! 404 Not Found", None),
        ("it was not found", None),
    ],
)
def test_what_shells_say(line, program):
    assert missing_program(["first", line, "last"]) == program


def test_the_last_one_counts():
    assert missing_program(["sh: 1: a: not found", "sh: 2: b: not found"]) == "b"


def test_how_to_have_it_is_said_where_that_is_known():
    assert worded("pnpm") == (
        "pnpm is not installed here, or not in the PATH of the daemon"
        " (to have it: npm install --global pnpm)"
    )
    assert worded("frob") == "frob is not installed here, or not in the PATH of the daemon"
