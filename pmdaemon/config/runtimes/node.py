"""Node: npm, pnpm, yarn and bun."""

import json
import re
import shlex
from collections.abc import Mapping
from typing import Any

from pmdaemon.config.runtimes.recipe import Recipe, table, text
from pmdaemon.core.releases import Listing
from pmdaemon.core.wording import shown

LOCKS = (
    ("bun", ("bun.lock", "bun.lockb")),
    ("pnpm", ("pnpm-lock.yaml",)),
    ("yarn", ("yarn.lock",)),
    ("npm", ("package-lock.json", "npm-shrinkwrap.json")),
)
"""Which manager a lock file is of; the first that is there tells."""

WITH_LOCK = {
    "bun": "bun install --frozen-lockfile",
    "pnpm": "pnpm install --frozen-lockfile",
    "yarn": "yarn install --frozen-lockfile",
    "npm": "npm ci --no-audit --no-fund",
}

WITHOUT_LOCK = {
    "bun": "bun install",
    "pnpm": "pnpm install",
    "yarn": "yarn install",
    "npm": "npm install --no-audit --no-fund",
}

MAIN_FILES = ("server.js", "index.js", "app.js", "main.js", "server.mjs", "index.mjs")

SERVERS = ("server.js", "server.mjs")
"""Main files that can be nothing else, whatever makes pages beside them."""

STATIC_OUTPUT = (
    ("@docusaurus/core", "build"),
    ("gatsby", "public"),
    ("react-scripts", "build"),
    ("@vue/cli-service", "dist"),
    ("@11ty/eleventy", "_site"),
    ("parcel", "dist"),
    ("astro", "dist"),
    ("vite", "dist"),
)
"""Where tools that make pages put them; there is nothing to be started then."""

VERSIONS = (".nvmrc", ".node-version")
"""Files that say which Node a repository is written for."""

NEXT_SETTINGS = ("next.config.js", "next.config.mjs", "next.config.ts")

NEXT_OUTPUT = "out"

_ONLY_DEVELOPS = re.compile(
    r"(?:npx )?(?:vite(?: dev| serve| preview)?(?: -.*)?|astro (?:dev|preview).*"
    r"|react-scripts start|vue-cli-service serve.*|gatsby (?:develop|serve).*|docusaurus start.*"
    r"|parcel (?!build).*|eleventy .*--serve.*|webpack(?: serve|-dev-server).*)"
)
"""Scripts `start` that begin a server for who writes the pages, not for who reads them."""

_EXPORTS = re.compile(r"output\s*:\s*[\"']export[\"']")

QUIET = {"NPM_CONFIG_UPDATE_NOTIFIER": "false", "COREPACK_ENABLE_DOWNLOAD_PROMPT": "0"}


def recipe(listing: Listing) -> Recipe | None:
    """Say how a Node repository is run; None when it is none."""
    if not listing.has("package.json"):
        return None
    package = _package(listing)
    scripts = table(package.get("scripts"))
    manager, why = _manager(listing, package)
    reasons = [f"Node, as there is a package.json; {why}"]
    if asked := next((name for name in VERSIONS if text(listing.text(name))), None):
        version = shown(text(listing.text(asked)).splitlines()[0][:20])
        reasons.append(f"its {asked} asks for Node {version}: taken is the one in the PATH")
    install = _install(listing, package, manager, reasons)
    build = ""
    if text(scripts.get("build")):
        build = f"{manager} run build"
        reasons.append(f"build: {build}, as package.json has a script build")
    start, static = _start(listing, package, scripts, manager, reasons)
    return Recipe(
        runtime="node",
        install=install,
        build=build,
        start=start,
        static=static,
        path=("node_modules/.bin",),
        build_env=QUIET,
        run_env={"NODE_ENV": "production"},
        reasons=tuple(reasons),
    )


def _package(listing: Listing) -> Mapping[str, Any]:
    try:
        return table(json.loads(listing.text("package.json")))
    except (ValueError, RecursionError):
        return {}


def _manager(listing: Listing, package: Mapping[str, Any]) -> tuple[str, str]:
    declared = text(package.get("packageManager")).partition("@")[0]
    if declared in WITH_LOCK:
        return declared, f"{declared}, as its packageManager says"
    for manager, locks in LOCKS:
        if (lock := listing.first(*locks)) is not None:
            return manager, f"{manager}, as there is a {lock}"
    return "npm", "npm, as there is no lock file"


def _install(listing: Listing, package: Mapping[str, Any], manager: str, reasons: list[str]) -> str:
    kinds = ("dependencies", "devDependencies", "optionalDependencies", "workspaces")
    if not any(package.get(kind) for kind in kinds):
        reasons.append("install: nothing, as package.json names no dependencies")
        return ""
    locks = dict(LOCKS)[manager]
    if manager == "yarn" and _is_modern_yarn(listing, package):
        command = "yarn install --immutable" if listing.has(*locks) else "yarn install"
        reasons.append(f"install: {command}")
        return command
    command = (WITH_LOCK if listing.has(*locks) else WITHOUT_LOCK)[manager]
    reasons.append(f"install: {command}")
    return command


def _is_modern_yarn(listing: Listing, package: Mapping[str, Any]) -> bool:
    """Whether its yarn is of version 2 or later, which has other options."""
    version = text(package.get("packageManager")).partition("@")[2]
    return listing.has(".yarnrc.yml") or version[:1] in {"2", "3", "4", "5"}


def _start(
    listing: Listing,
    package: Mapping[str, Any],
    scripts: Mapping[str, Any],
    manager: str,
    reasons: list[str],
) -> tuple[str, str]:
    """Find the command that starts it, or else the folder to be served."""
    folder = _pages(listing, package, scripts, reasons)
    if folder:
        return "", folder
    through = _through(listing, package, manager)
    if command := text(scripts.get("start")):
        if through or scripts.get("prestart") or scripts.get("poststart"):
            around = "through its yarn" if through else "as package.json has scripts around start"
            reasons.append(f"start: {manager} start, {around}")
            return f"{manager} start", ""
        # Without its manager in between, a program is half as large, and signals are its own.
        reasons.append(f"start: {command}, as the script start of package.json says")
        return command, ""
    if (main := text(package.get("main"))) and ("/" in main or listing.has(main)):
        command = f"{through}node {shlex.quote(main)}"
        reasons.append(f"start: {command}, as package.json says main")
        return command, ""
    if manager == "bun" and (main_file := listing.first("index.ts", "server.ts")) is not None:
        reasons.append(f"start: bun {main_file}, as there is such a file")
        return f"bun {main_file}", ""
    if (main_file := listing.first(*MAIN_FILES)) is not None:
        reasons.append(f"start: {through}node {main_file}, as there is such a file")
        return f"{through}node {main_file}", ""
    return "", ""


def _pages(
    listing: Listing, package: Mapping[str, Any], scripts: Mapping[str, Any], reasons: list[str]
) -> str:
    """Find the folder that is built to be served, where there is no server beside it."""
    if not text(scripts.get("build")):
        return ""
    needed = {**table(package.get("dependencies")), **table(package.get("devDependencies"))}
    if "next" in needed and any(_EXPORTS.search(listing.text(one)) for one in NEXT_SETTINGS):
        reasons.append(f"the folder {NEXT_OUTPUT} is served, as next exports into it")
        return NEXT_OUTPUT
    start = text(scripts.get("start"))
    only_develops = _ONLY_DEVELOPS.fullmatch(start) is not None and "PORT" not in start
    if not only_develops and (start or listing.has(*SERVERS)):
        return ""
    for tool, folder in STATIC_OUTPUT:
        if tool in needed:
            if start:
                reasons.append(f"start: not {start}, which is for writing pages")
            reasons.append(f"the folder {folder} is served, as {tool} builds into it")
            return folder
    return ""


def _through(listing: Listing, package: Mapping[str, Any], manager: str) -> str:
    """Say what node has to be started by: yarn, where that installs no node_modules (PnP)."""
    is_modern = manager == "yarn" and _is_modern_yarn(listing, package)
    has_modules = re.search(
        r"nodeLinker:\s*[\"']?(?:node-modules|pnpm)", listing.text(".yarnrc.yml")
    )
    return "yarn " if is_modern and has_modules is None else ""
