"""Go, Rust, Ruby, PHP, Java, and pages that need no program."""

from pmdaemon.config.runtimes.recipe import Recipe, table, text, toml_of
from pmdaemon.core.releases import Listing

STATIC_FOLDERS = ("public/", "dist/", "build/", "site/", "_site/")


def go(listing: Listing) -> Recipe | None:
    """Say how a Go repository is run; None when it is none."""
    if not listing.has("go.mod"):
        return None
    return Recipe(
        runtime="go",
        build="go build -o .bin/app .",
        start=".bin/app",
        reasons=("Go, as there is a go.mod: go build, and what it makes is started",),
    )


def rust(listing: Listing) -> Recipe | None:
    """Say how a Rust repository is run; None when it is none."""
    if not listing.has("Cargo.toml"):
        return None
    cargo = toml_of(listing, "Cargo.toml")
    programs = cargo.get("bin")
    first = table(programs[0]) if isinstance(programs, list) and programs else {}
    name = text(first.get("name")) or text(table(cargo.get("package")).get("name"))
    locked = " --locked" if listing.has("Cargo.lock") else ""
    return Recipe(
        runtime="rust",
        build=f"cargo build --release{locked}",
        start=f"target/release/{name}" if name else "",
        reasons=("Rust, as there is a Cargo.toml: cargo build, and what it makes is started",),
    )


def ruby(listing: Listing) -> Recipe | None:
    """Say how a Ruby repository is run; None when it is none."""
    if not listing.has("Gemfile"):
        return None
    if listing.has("config.ru"):
        start, why = "bundle exec rackup -o 127.0.0.1 -p $PORT", "as there is a config.ru"
    elif (main := listing.first("app.rb", "main.rb", "server.rb")) is not None:
        start, why = f"bundle exec ruby {main}", "as there is such a file"
    else:
        start, why = "", ""
    told = (f"start: {start}, {why}",) if start else ()
    return Recipe(
        runtime="ruby",
        install="bundle install",
        start=start,
        build_env={"BUNDLE_PATH": "vendor/bundle"},
        run_env={"BUNDLE_PATH": "vendor/bundle", "RACK_ENV": "production"},
        reasons=("Ruby, as there is a Gemfile: bundle install", *told),
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
        start = "php -S 127.0.0.1:$PORT -t public"
    else:
        start = "php -S 127.0.0.1:$PORT"
    return Recipe(
        runtime="php",
        install=install,
        start=start,
        reasons=(f"PHP, as there is a {known}", f"start: {start} (a Procfile can say better)"),
    )


def java(listing: Listing) -> Recipe | None:
    """Say how a Java repository is run; None when it is none."""
    if listing.has("pom.xml"):
        tool = "./mvnw" if listing.has("mvnw") else "mvn"
        build, jars = f"{tool} --batch-mode -DskipTests package", "target"
        known = "pom.xml"
    elif (gradle := listing.first("build.gradle", "build.gradle.kts")) is not None:
        tool = "./gradlew" if listing.has("gradlew") else "gradle"
        build, jars, known = f"{tool} build -x test", "build/libs", gradle
    else:
        return None
    start = f"exec java -jar $(ls {jars}/*.jar | grep -v -e '-plain.jar' -e original- | head -n 1)"
    return Recipe(
        runtime="java",
        build=build,
        start=start,
        run_env={"SERVER_ADDRESS": "127.0.0.1"},
        reasons=(f"Java, as there is a {known}", f"start: the first jar in {jars}"),
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
