import pytest

from pmdaemon.config.runtimes import others
from pmdaemon.config.runtimes.others import PHP
from pmdaemon.core.releases import Listing

TARGET = '--target-dir "$HOME/cargo-target" && mkdir -p .bin && cp "$HOME/cargo-target/release'


def listing(*names, **texts):
    return Listing(frozenset({*names, *texts}), texts)


@pytest.mark.parametrize(
    ("kind", "found", "install", "build", "start"),
    [
        (others.go, listing("go.mod"), "", "go build -o .bin/app .", ".bin/app"),
        (
            others.go,
            listing("go.mod", "main.go", "cmd/x"),
            "",
            "go build -o .bin/app .",
            ".bin/app",
        ),
        (others.go, listing("go.mod", "cmd/x"), "", "go build -o .bin/app ./cmd/x", ".bin/app"),
        (
            others.go,
            listing("go.mod", "cmd/migrate", "cmd/server", "cmd/README.md"),
            "",
            "go build -o .bin/app ./cmd/server",
            ".bin/app",
        ),
        (
            others.rust,
            listing("Cargo.lock", **{"Cargo.toml": '[package]\nname = "shop"'}),
            "",
            f'cargo build --release --locked {TARGET}/shop" .bin/',
            ".bin/shop",
        ),
        (
            others.rust,
            listing(**{"Cargo.toml": '[package]\nname = "a"\n[[bin]]\nname = "b"'}),
            "",
            f'cargo build --release {TARGET}/b" .bin/',
            ".bin/b",
        ),
        (
            others.rust,
            listing(**{"Cargo.toml": '[package]\nname = "a"\ndefault-run = "c"'}),
            "",
            f'cargo build --release {TARGET}/c" .bin/',
            ".bin/c",
        ),
        (
            others.rust,
            listing(**{"Cargo.toml": "[workspace]"}),
            "",
            'cargo build --release --target-dir "$HOME/cargo-target"',
            "",
        ),
        (others.php, listing("index.php"), "", "", PHP),
        (
            others.php,
            listing("composer.json", "public/index.php"),
            "composer install --no-dev --no-interaction --optimize-autoloader",
            "",
            f"{PHP} -t public",
        ),
        (
            others.php,
            listing("composer.json", "artisan", "public/index.php"),
            "composer install --no-dev --no-interaction --optimize-autoloader",
            "",
            "php artisan serve --host=127.0.0.1 --port=$PORT",
        ),
    ],
)
def test_what_each_kind_needs(kind, found, install, build, start):
    recipe = kind(found)

    assert (recipe.install, recipe.build, recipe.start) == (install, build, start)


@pytest.mark.parametrize(
    ("found", "folder"), [(listing("index.html"), "."), (listing("public/index.html"), "public")]
)
def test_pages_are_served(found, folder):
    assert others.static(found).static == folder


@pytest.mark.parametrize("kind", [others.go, others.rust, others.php, others.static])
def test_what_it_is_not_it_does_not_say(kind):
    assert kind(listing("README.md")) is None
