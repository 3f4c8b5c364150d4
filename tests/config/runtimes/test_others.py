import pytest

from pmdaemon.config.runtimes import others
from pmdaemon.core.releases import Listing


def listing(*names, **texts):
    return Listing(frozenset({*names, *texts}), texts)


@pytest.mark.parametrize(
    ("kind", "found", "install", "build", "start"),
    [
        (others.go, listing("go.mod"), "", "go build -o .bin/app .", ".bin/app"),
        (
            others.rust,
            listing("Cargo.lock", **{"Cargo.toml": '[package]\nname = "shop"'}),
            "",
            "cargo build --release --locked",
            "target/release/shop",
        ),
        (
            others.rust,
            listing(**{"Cargo.toml": '[package]\nname = "a"\n[[bin]]\nname = "b"'}),
            "",
            "cargo build --release",
            "target/release/b",
        ),
        (
            others.ruby,
            listing("Gemfile", "config.ru"),
            "bundle install",
            "",
            "bundle exec rackup -o 127.0.0.1 -p $PORT",
        ),
        (
            others.ruby,
            listing("Gemfile", "app.rb"),
            "bundle install",
            "",
            "bundle exec ruby app.rb",
        ),
        (others.php, listing("index.php"), "", "", "php -S 127.0.0.1:$PORT"),
        (
            others.php,
            listing("composer.json", "public/index.php"),
            "composer install --no-dev --no-interaction --optimize-autoloader",
            "",
            "php -S 127.0.0.1:$PORT -t public",
        ),
    ],
)
def test_what_each_kind_needs(kind, found, install, build, start):
    recipe = kind(found)

    assert (recipe.install, recipe.build, recipe.start) == (install, build, start)


@pytest.mark.parametrize(
    ("found", "build", "jars"),
    [
        (listing("pom.xml"), "mvn --batch-mode -DskipTests package", "target/*.jar"),
        (listing("pom.xml", "mvnw"), "./mvnw --batch-mode -DskipTests package", "target/*.jar"),
        (listing("build.gradle"), "gradle build -x test", "build/libs/*.jar"),
        (listing("build.gradle.kts", "gradlew"), "./gradlew build -x test", "build/libs/*.jar"),
    ],
)
def test_java_is_built_and_its_jar_started(found, build, jars):
    recipe = others.java(found)

    assert recipe.build == build
    assert f"java -jar $(ls {jars}" in recipe.start


@pytest.mark.parametrize(
    ("found", "folder"), [(listing("index.html"), "."), (listing("public/index.html"), "public")]
)
def test_pages_are_served(found, folder):
    assert others.static(found).static == folder


@pytest.mark.parametrize(
    "kind", [others.go, others.rust, others.ruby, others.php, others.java, others.static]
)
def test_what_it_is_not_it_does_not_say(kind):
    assert kind(listing("README.md")) is None
