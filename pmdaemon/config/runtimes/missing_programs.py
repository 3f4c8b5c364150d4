"""Which program a shell could not find, according to its message, and how to get that program.

sh: 1: pnpm: not found                      dash
/bin/sh: line 1: pnpm: command not found    bash
env: 'node': No such file or directory      env(1)
"""

import re
from collections.abc import Iterable

HOW = {
    "bun": "npm install --global bun",
    "bundle": "gem install bundler",
    "cargo": "https://rustup.rs",
    "composer": "https://getcomposer.org",
    "go": "https://go.dev/dl",
    "gradle": "https://gradle.org, or a gradlew in the repository",
    "java": "a Java runtime of your system, as default-jre-headless",
    "mvn": "https://maven.apache.org, or an mvnw in the repository",
    "node": "https://nodejs.org",
    "npm": "https://nodejs.org",
    "php": "php-cli of your system",
    "pipenv": "pipx install pipenv",
    "pnpm": "npm install --global pnpm",
    "poetry": "pipx install poetry",
    "python3": "python3 of your system, with python3-venv",
    "ruby": "ruby of your system",
    "uv": "pipx install uv",
    "yarn": "npm install --global yarn",
}
"""How to have the programs that recipes call."""

NOT_FOUND = 127
"""What a shell ends with then (sh(1), under exit status)."""

_SAID = re.compile(
    r"(?:^|[\s:])([\w.+/-]+): (?:command )?not found$|^env: [^\w]*([\w.+/-]+)[^\w]*: No such"
)


def missing_program(said: Iterable[str]) -> str | None:
    """Find the last program that a shell has complained about, in the lines that it wrote."""
    found = None
    for line in said:
        if match := _SAID.search(line.rstrip()):
            found = match[1] or match[2]
    return found


def worded(program: str) -> str:
    """Say that a program is missing, and how to have it where that is known."""
    how = f" (to have it: {HOW[program]})" if program in HOW else ""
    return f"{program} is not installed here, or not in the PATH of the daemon{how}"
