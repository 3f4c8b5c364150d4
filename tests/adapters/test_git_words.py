import pytest

from pmdaemon.adapters.git_words import is_worth_telling, reason
from pmdaemon.core.process import Exit
from pmdaemon.engine.interfaces.deploying import BuildOutcome

NOISE = """\
remote: Enumerating objects: 5, done.
remote: Counting objects: 100% (5/5), done.
remote: Compressing objects: 100% (2/2), done.
remote: Total 5 (delta 0), reused 0 (delta 0), pack-reused 0
Receiving objects: 100% (5/5), 1.20 KiB | 1.20 MiB/s, done.
Receiving objects: 100% (5/5), done.
Unpacking objects: 100% (3/3), 210 bytes | 210.00 KiB/s, done.
Resolving deltas: 100% (1/1), done.
From https://git.example.com/team/shop
 * [new branch]      main       -> refs/deploy/main
 + 4dc2819...9b5bf80 main       -> refs/deploy/main  (forced update)
   4dc2819..9b5bf80  main       -> refs/deploy/main
 = [up to date]      main       -> refs/deploy/main

"""


@pytest.mark.parametrize("line", NOISE.splitlines())
def test_what_git_says_about_itself_is_not_told(line):
    assert not is_worth_telling(line)


@pytest.mark.parametrize(
    "line",
    [
        "Receiving objects:  45% (4500/10000), 12.30 MiB | 5.00 MiB/s",
        "Receiving objects: 100% (10000/10000), 1.30 GiB | 5.00 MiB/s, done.",
        "remote: This repository moved. Please use the new location:",
        "remote: Invalid username or password.",
        "warning: redirecting to https://example.com/",
        "fatal: couldn't find remote ref refs/heads/dev",
        "ssh: connect to host example.com port 22: Connection refused",
    ],
)
def test_what_is_about_the_repository_is(line):
    assert is_worth_telling(line)


def test_what_is_fatal_says_why_and_of_that_the_first():
    ended = BuildOutcome(Exit(code=128))

    said = ["remote: No.", "fatal: Authentication failed.", "fatal: the remote end hung up"]
    assert reason(ended, said) == "authentication failed"
    assert reason(ended, ["remote: Not found."]) == "not found"
    assert reason(ended, ["odd", ""]) == "odd"
    assert reason(ended, []) == "git ended with exit code 128"
    assert reason(BuildOutcome(None, "it took longer than 5 s"), said) == "it took longer than 5 s"
