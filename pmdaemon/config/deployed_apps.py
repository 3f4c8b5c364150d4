"""From a release to the apps that it runs as: ordinary ones, of names that nobody else gives.

The variables of the project are not in them: whoever may look at an app would see them. They are
put in when a program is started.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from zlib import crc32

from pmdaemon.config.app_fields import read_app
from pmdaemon.config.static_sites import SCRIPT
from pmdaemon.core.projects import Project
from pmdaemon.core.releases import Program, ProgramKind, Release
from pmdaemon.core.spec import AppSpec

FIRST_PORT, LAST_PORT = 20000, 29999
"""Where deployed programs listen: below what systems take for connections that go out."""

PORTS_APART = 10
"""Projects begin to look for free ports so far apart, so that few of them look at the same."""

GRACE = "10s"
"""How long a program has to finish before it is killed."""


def first_port(project: Project) -> int:
    """Say where to begin to look for a port of a project's program."""
    places = (LAST_PORT - FIRST_PORT) // PORTS_APART - 1
    return FIRST_PORT + PORTS_APART * (crc32(project.id.encode()) % places)


def app_name(slug: str, number: int, program: Program) -> str:
    """Name the app of a program: `blog@3`, or `blog@3.worker` beside a web program."""
    first = f"{slug}@{number}"
    return first if program.kind is ProgramKind.WEB else f"{first}.{program.name}"


def specs(
    project: Project, release: Release, number: int, environment: Mapping[str, str]
) -> Sequence[AppSpec]:
    """Declare the apps of a release, for the deployment of this number.

    Args:
        environment: what its programs inherit.

    Raises:
        InvalidInput: a program cannot be run as it is said.

    """
    cwd = Path(release.folder, release.plan.run_dir)
    return [
        read_app(
            _app(project, release, number, program),
            base=str(cwd),
            environment=environment,
        ).spec
        for program in release.plan.programs
    ]


def commands_path(release: Release, search_path: str) -> str:
    """Put the release's own folders of programs before those that programs are looked for in."""
    cwd = Path(release.folder, release.plan.run_dir)
    return ":".join([*(str(cwd / one) for one in release.plan.path), search_path])


def _app(project: Project, release: Release, number: int, program: Program) -> dict[str, Any]:
    app: dict[str, Any] = {
        "name": app_name(project.slug, number, program),
        "namespace": project.slug,
        "script": program.command,
        "env": dict(release.plan.run_env),
        "stop_signal": "SIGTERM",
        "kill_timeout": GRACE,
        "exec_mode": "fork",
    }
    if program.is_static:
        variables = {"PM2_SERVE_PATH": program.command, "PM2_SERVE_HOST": "127.0.0.1"}
        if program.has_one_page:
            variables["PM2_SERVE_SPA"] = "true"
        app |= {"script": SCRIPT, "env": variables}
    if program.kind is ProgramKind.WEB:
        app["port"] = f"auto:{first_port(project)}-{LAST_PORT}"
        if project.health_path:
            app["health_check"] = {
                "type": "http",
                "url": f"http://localhost:{{port}}{project.health_path}",
            }
    elif program.kind is ProgramKind.CRON:
        app["job"] = {"cron": program.schedule}
    return app
