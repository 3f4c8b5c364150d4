"""Node: npm, pnpm, yarn and bun."""

import json
from collections.abc import Mapping
from typing import Any

from pmdaemon.config.runtimes.recipe import Recipe, table, text
from pmdaemon.core.releases import Listing

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

STATIC_OUTPUT = (("vite", "dist"), ("react-scripts", "build"), ("astro", "dist"))
"""Where tools that make pages put them; there is nothing to be started then."""


def recipe(listing: Listing) -> Recipe | None:
    """Say how a Node repository is run; None when it is none."""
    if not listing.has("package.json"):
        return None
    package = _package(listing)
    scripts = table(package.get("scripts"))
    manager, why = _manager(listing, package)
    reasons = [f"Node, as there is a package.json; {why}"]
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
    if manager == "yarn" and listing.has(".yarnrc.yml"):
        reasons.append("install: yarn install --immutable, as there is a .yarnrc.yml")
        return "yarn install --immutable"
    command = (WITH_LOCK if listing.has(*locks) else WITHOUT_LOCK)[manager]
    reasons.append(f"install: {command}")
    return command


def _start(
    listing: Listing,
    package: Mapping[str, Any],
    scripts: Mapping[str, Any],
    manager: str,
    reasons: list[str],
) -> tuple[str, str]:
    if command := text(scripts.get("start")):
        if scripts.get("prestart") or scripts.get("poststart"):
            reasons.append(f"start: {manager} start, as package.json has scripts around start")
            return f"{manager} start", ""
        # Without its manager in between, a program is half as large, and signals are its own.
        reasons.append(f"start: {command}, as the script start of package.json says")
        return command, ""
    if main := text(package.get("main")):
        reasons.append(f"start: node {main}, as package.json says main")
        return f"node {main}", ""
    if (main_file := listing.first(*MAIN_FILES)) is not None:
        reasons.append(f"start: node {main_file}, as there is such a file")
        return f"node {main_file}", ""
    needed = {**table(package.get("dependencies")), **table(package.get("devDependencies"))}
    for tool, folder in STATIC_OUTPUT:
        if tool in needed and text(scripts.get("build")):
            reasons.append(f"the folder {folder} is served, as {tool} builds into it")
            return "", folder
    return "", ""
