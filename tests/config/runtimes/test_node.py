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
        (["yarn.lock"], {**NEEDS, "packageManager": "yarn@4.1.0"}, "yarn install --immutable"),
        ([], {**NEEDS, "packageManager": "yarn@4.1.0"}, "yarn install"),
        ([], {**NEEDS, "packageManager": "yarn@1.22.0"}, "yarn install"),
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
        (["app.js"], {"main": "index.js"}, "node app.js"),
        (["a.js"], {"main": "a.js"}, "node a.js"),
        (["my app.js"], {"main": "my app.js"}, "node 'my app.js'"),
        (["bun.lock", "index.ts"], NEEDS, "bun index.ts"),
        (["yarn.lock", ".yarnrc.yml", "app.js"], {}, "yarn node app.js"),
        (["yarn.lock", ".yarnrc.yml"], {"scripts": {"start": "node a.js"}}, "yarn start"),
        (["index.js"], {}, "node index.js"),
        ([], {}, ""),
    ],
)
def test_how_it_is_started(names, package, start):
    assert recipe(listing(*names, **package)).start == start


def test_a_modern_yarn_that_installs_node_modules_is_not_needed_to_start():
    files = {
        "package.json": '{"scripts": {"start": "node a.js"}}',
        ".yarnrc.yml": "enableTelemetry: false\nnodeLinker: node-modules\n",
    }

    assert recipe(Listing(frozenset(files), files)).start == "node a.js"


BUILT = {"scripts": {"build": "vite build"}, "devDependencies": {"vite": "5"}}


def starting(command):
    return {**BUILT, "scripts": {"build": "vite build", "start": command}}


@pytest.mark.parametrize(
    ("names", "package", "folder", "start"),
    [
        ([], BUILT, "dist", ""),
        (["main.js"], BUILT, "dist", ""),
        (["server.js"], BUILT, "", "node server.js"),
        ([], starting("vite"), "dist", ""),
        ([], starting("vite preview --host"), "dist", ""),
        ([], starting("vite preview --port $PORT"), "", "vite preview --port $PORT"),
        ([], starting("node serve.js"), "", "node serve.js"),
        ([], {"devDependencies": {"vite": "5"}}, "", ""),
        ([], {"scripts": {"build": "make"}}, "", ""),
        ([], {**starting("astro dev"), "dependencies": {"astro": "4"}}, "dist", ""),
        ([], {**starting("react-scripts start"), "dependencies": {"react-scripts": "5"}}, "build",
         ""),
    ],
)  # fmt: skip
def test_pages_that_a_tool_builds_are_served(names, package, folder, start):
    found = recipe(listing(*names, **package))

    assert (found.static, found.start) == (folder, start)


def test_the_node_that_is_asked_for_is_told():
    files = {"package.json": "{}", ".nvmrc": "v20.11\n# lts\n"}

    assert recipe(Listing(frozenset(files), files)).reasons[1] == (
        "its .nvmrc asks for Node v20.11: taken is the one in the PATH"
    )


def test_what_next_exports_is_served():
    files = {
        "package.json": '{"scripts": {"build": "next build", "start": "next start"},'
        ' "dependencies": {"next": "14"}}',
        "next.config.mjs": "export default { output: 'export' }",
    }

    assert recipe(Listing(frozenset(files), files)).static == "out"
    del files["next.config.mjs"]
    assert recipe(Listing(frozenset(files), files)).start == "next start"


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
