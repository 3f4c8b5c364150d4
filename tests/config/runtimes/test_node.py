import json

import pytest

from pmdaemon.config.runtimes.node import recipe
from pmdaemon.core.releases import Listing


def listing(*names, **package):
    return Listing(frozenset({"package.json", *names}), {"package.json": json.dumps(package)})


NEEDS = {"dependencies": {"left-pad": "1"}}


@pytest.mark.parametrize(
    ("names", "package", "install"),
    [
        ([], {}, ""),
        ([], NEEDS, "npm install --no-audit --no-fund"),
        (["package-lock.json"], NEEDS, "npm ci --no-audit --no-fund"),
        (["pnpm-lock.yaml"], NEEDS, "pnpm install --frozen-lockfile"),
        (["yarn.lock"], NEEDS, "yarn install --frozen-lockfile"),
        (["yarn.lock", ".yarnrc.yml"], NEEDS, "yarn install --immutable"),
        (["bun.lockb"], NEEDS, "bun install --frozen-lockfile"),
        (["yarn.lock"], {**NEEDS, "packageManager": "pnpm@9.1.0"}, "pnpm install"),
    ],
)
def test_the_lock_file_tells_the_manager(names, package, install):
    assert recipe(listing(*names, **package)).install == install


@pytest.mark.parametrize(
    ("names", "package", "start"),
    [
        ([], {"scripts": {"start": "node server.js"}}, "node server.js"),
        ([], {"scripts": {"start": "node a.js", "prestart": "make"}}, "npm start"),
        ([], {"main": "lib/app.js"}, "node lib/app.js"),
        (["index.js"], {}, "node index.js"),
        ([], {}, ""),
    ],
)
def test_how_it_is_started(names, package, start):
    assert recipe(listing(*names, **package)).start == start


def test_pages_that_a_tool_builds_are_served():
    found = recipe(listing(scripts={"build": "vite build"}, devDependencies={"vite": "5"}))

    assert (found.build, found.start, found.static) == ("npm run build", "", "dist")


def test_it_says_why():
    assert recipe(listing("yarn.lock", **NEEDS)).reasons[:2] == (
        "Node, as there is a package.json; yarn, as there is a yarn.lock",
        "install: yarn install --frozen-lockfile",
    )


@pytest.mark.parametrize("text", ["", "[]", "{", '{"scripts": 3, "main": []}', "[" * 100_000])
def test_a_package_json_that_is_none_says_nothing(text):
    found = recipe(Listing(frozenset({"package.json"}), {"package.json": text}))

    assert (found.install, found.build, found.start) == ("", "", "")


def test_without_a_package_json_it_is_no_node_repository():
    assert recipe(Listing(frozenset({"index.js"}))) is None
