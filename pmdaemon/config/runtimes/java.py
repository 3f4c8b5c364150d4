"""Java: Maven and Gradle, and the jar that they make."""

from pmdaemon.config.runtimes.recipe import Recipe, as_there_is
from pmdaemon.core.releases import Listing

NO_PROGRAMS = ("-plain.jar", "-sources.jar", "-javadoc.jar", "/original-")
"""What stands in the names of jars that are not to be started."""

QUARKUS = "quarkus-app/quarkus-run.jar"

PORT = "-Dserver.port=$PORT -Dquarkus.http.port=$PORT"
"""Spring and Quarkus do not look at PORT."""


def recipe(listing: Listing) -> Recipe | None:
    """Say how a Java repository is run; None when it is none."""
    if listing.has("pom.xml"):
        known, jars = "pom.xml", "target"
        # The JVM looks into the user database for its home, and not at HOME.
        tool = "sh mvnw" if listing.has("mvnw") else "mvn"
        build = f'MAVEN_OPTS="-Duser.home=$HOME" {tool} --batch-mode -DskipTests package'
    elif (gradle := listing.first("build.gradle", "build.gradle.kts")) is not None:
        known, jars = gradle, "build/libs"
        tool = "sh gradlew" if listing.has("gradlew") else "gradle"
        build = f'GRADLE_USER_HOME="$HOME/.gradle" {tool} --no-daemon build -x test'
    else:
        return None
    folder = jars.partition("/")[0]
    others = " ".join(f"-e {one}" for one in NO_PROGRAMS)
    start = (
        f"exec java {PORT} -jar"
        f" $(ls {folder}/{QUARKUS} {jars}/*.jar 2>/dev/null | grep -v {others} | head -n 1)"
    )
    return Recipe(
        runtime="java",
        build=build,
        start=start,
        run_env={"SERVER_ADDRESS": "127.0.0.1"},
        reasons=(
            f"Java, {as_there_is(known)}",
            f"build: {build}",
            f"start: the first jar in {jars}",
        ),
    )
