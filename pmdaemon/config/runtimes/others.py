"""Go, Rust, PHP, and pages that need no program."""

import re

from pmdaemon.config.runtimes.recipe import Recipe, as_there_is, table, text, toml_of
from pmdaemon.core.releases import Listing

PHP = 'php -d opcache.lockfile_path="$TMPDIR" -S 127.0.0.1:$PORT'
"""PHP's own server. Nothing may be written into /tmp by what has its home there."""

WORKERS = "4"
"""Requests at once; PHP's own server would take one after another."""

LIKELY_PROGRAMS = ("cmd/web", "cmd/server", "cmd/app", "cmd/api")
"""Of several programs of a Go module the one that answers requests, most likely."""

STATIC_FOLDERS = ("public/", "dist/", "build/", "site/", "_site/")

_GO_PROGRAM = re.compile(r"cmd/[\w-]+")


def go(listing: Listing) -> Recipe | None:
    """Say how a Go repository is run; None when it is none."""
    if not listing.has("go.mod"):
        return None
    place, why = _go_program(listing)
    build = f"go build -o .bin/app {place}"
    return Recipe(
        runtime="go",
        build=build,
        start=".bin/app",
        reasons=("Go, as there is a go.mod", f"build: {build}, {why}", "start: .bin/app"),
    )


def _go_program(listing: Listing) -> tuple[str, str]:
    """Find the folder of the program: that of the module, or one below `cmd`, as is the custom."""
    below = {name for name in listing.names if _GO_PROGRAM.fullmatch(name)}
    if listing.has("main.go") or not below:
        return ".", "for the program of the module"
    found = next((name for name in LIKELY_PROGRAMS if name in below), min(below))
    others = f", of {len(below)} programs (the project can say another)" if len(below) > 1 else ""
    return f"./{found}", f"as there is {found}{others}"


def rust(listing: Listing) -> Recipe | None:
    """Say how a Rust repository is run; None when it is none.

    What is compiled of others is kept for the next release, and of it all but the program is not
    kept with each of them: that is gigabytes, soon.
    """
    if not listing.has("Cargo.toml"):
        return None
    cargo = toml_of(listing, "Cargo.toml")
    package, programs = table(cargo.get("package")), cargo.get("bin")
    first = table(programs[0]) if isinstance(programs, list) and programs else {}
    name = text(package.get("default-run")) or text(first.get("name")) or text(package.get("name"))
    locked = " --locked" if listing.has("Cargo.lock") else ""
    build = f'cargo build --release{locked} --target-dir "$HOME/cargo-target"'
    if name:
        build += f' && mkdir -p .bin && cp "$HOME/cargo-target/release/{name}" .bin/'
    reasons = ["Rust, as there is a Cargo.toml", f"build: {build}"]
    if name:
        reasons.append(f"start: .bin/{name}, as Cargo.toml names it")
    return Recipe(
        runtime="rust",
        build=build,
        start=f".bin/{name}" if name else "",
        reasons=tuple(reasons),
    )


def php(listing: Listing) -> Recipe | None:
    """Say how a PHP repository is run; None when it is none."""
    known = listing.first("composer.json", "index.php", "public/index.php")
    if known is None:
        return None
    install = ""
    if listing.has("composer.json"):
        install = "composer install --no-dev --no-interaction --optimize-autoloader"
    if listing.has("artisan"):
        start = "php artisan serve --host=127.0.0.1 --port=$PORT"
    elif listing.has("public/index.php") or not listing.has("index.php"):
        start = f"{PHP} -t public"
    else:
        start = PHP
    return Recipe(
        runtime="php",
        install=install,
        start=start,
        build_env={"COMPOSER_ALLOW_SUPERUSER": "1"},
        run_env={"PHP_CLI_SERVER_WORKERS": WORKERS},
        reasons=(f"PHP, {as_there_is(known)}", f"start: {start} (a Procfile can say better)"),
    )


def static(listing: Listing) -> Recipe | None:
    """Say which folder of pages is served; None when there is none."""
    if listing.has("index.html"):
        return Recipe(
            runtime="static",
            static=".",
            reasons=("a folder of pages, as there is an index.html: it is served",),
        )
    for folder in STATIC_FOLDERS:
        if listing.has(f"{folder}index.html"):
            name = folder.rstrip("/")
            return Recipe(
                runtime="static",
                static=name,
                reasons=(f"a folder of pages, as there is {folder}index.html: {name} is served",),
            )
    return None
