import subprocess

import pytest

from pmdaemon.config.runtimes.java import recipe
from pmdaemon.core.releases import Listing

MAVEN = 'MAVEN_OPTS="-Duser.home=$HOME"'
GRADLE = 'GRADLE_USER_HOME="$HOME/.gradle"'


@pytest.mark.parametrize(
    ("names", "build"),
    [
        (["pom.xml"], f"{MAVEN} mvn --batch-mode -DskipTests package"),
        (["pom.xml", "mvnw"], f"{MAVEN} sh mvnw --batch-mode -DskipTests package"),
        (["build.gradle"], f"{GRADLE} gradle --no-daemon build -x test"),
        (["build.gradle.kts", "gradlew"], f"{GRADLE} sh gradlew --no-daemon build -x test"),
    ],
)
def test_what_builds_it(names, build):
    assert recipe(Listing(frozenset(names))).build == build


@pytest.mark.parametrize(
    ("jars", "started"),
    [
        (["target/shop-1.jar", "target/original-shop-1.jar"], "target/shop-1.jar"),
        (["target/shop-1.jar", "target/shop-1-sources.jar"], "target/shop-1.jar"),
        (["target/shop-1.jar", "target/quarkus-app/quarkus-run.jar"],
         "target/quarkus-app/quarkus-run.jar"),
    ],
)  # fmt: skip
def test_the_jar_that_can_be_started_is_started(tmp_path, jars, started):
    for jar in jars:
        (tmp_path / jar).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / jar).touch()
    start = recipe(Listing(frozenset({"pom.xml"}))).start

    done = subprocess.run(
        ["sh", "-c", start.replace("exec java", "echo")],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "PORT": "5000"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == f"-Dserver.port=5000 -Dquarkus.http.port=5000 -jar {started}\n"


def test_the_jar_of_gradle_is_not_the_plain_one():
    start = recipe(Listing(frozenset({"build.gradle"}))).start

    assert "build/libs/*.jar" in start
    assert "-e -plain.jar" in start


def test_what_is_none_it_does_not_say():
    assert recipe(Listing(frozenset({"src"}))) is None
