"""How a release is built and run: what was said, and what its files tell.

What is said beats what is found out, and of that the nearer beats the farther:

1. the commands of the project,
2. the Procfile, with its kinds: `web`, `release`, whatever begins with `cron`, and workers,
3. the scripts of package.json, and what its kind of repository usually needs.
"""

import re

from pmdaemon.config.due_times import cron
from pmdaemon.config.formats import procfile
from pmdaemon.config.runtimes import java, node, others, python, ruby
from pmdaemon.config.runtimes.recipe import Recipe
from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.releases import Listing, Overrides, Program, ProgramKind, ReleasePlan
from pmdaemon.core.wording import shown

RECIPES = (
    node.recipe,
    python.recipe,
    others.go,
    others.rust,
    ruby.recipe,
    others.php,
    java.recipe,
    others.static,
)

TELLING = (
    "Procfile", "package.json", ".yarnrc.yml", *node.NEXT_SETTINGS, *node.VERSIONS,
    "pyproject.toml", "requirements.txt", "Pipfile", "setup.py", "manage.py", ".python-version",
    "runtime.txt", *python.MAINS, "Cargo.toml", "Gemfile",
)  # fmt: skip
"""The files whose texts are looked into."""

LOOKED_INTO = ("public", "dist", "build", "site", "_site", "cmd", *python.FOLDERS)
"""The folders whose names of files are looked at."""

MOST_PROGRAMS = 20

_CRON = re.compile(r"(@[a-z]+|(?:\S+\s+){4}\S+)\s+(\S.*)")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")

NOTHING = Recipe(runtime="none", reasons=("no kind of repository that is known",))


class CannotPlan(InvalidInput):
    """A repository that does not say how it is run."""

    code = "cannot_plan"


def plan(listing: Listing, overrides: Overrides) -> ReleasePlan:
    """Find out how a release is built and run.

    Raises:
        CannotPlan: nothing says how it is started, or its Procfile cannot be used.

    """
    recipe = _recipe(listing, overrides)
    reasons = list(recipe.reasons)
    programs, release = _of_procfile(listing, reasons)
    install, build = recipe.install, recipe.build
    if overrides.install:
        install = overrides.install
        reasons.append(f"install: {install}, as the project says")
    if overrides.build:
        build = overrides.build
        reasons.append(f"build: {build}, as the project says")
    if overrides.start:
        programs = [one for one in programs if one.kind is not ProgramKind.WEB]
        reasons.append(f"start: {overrides.start}, as the project says")
        programs.insert(0, _web(overrides.start))
    elif not programs:
        programs = [_found(recipe)]
    return ReleasePlan(
        runtime=recipe.runtime,
        run_dir=overrides.run_dir,
        install=install,
        build=build,
        release=release,
        programs=tuple(programs),
        path=recipe.path,
        build_env=recipe.build_env,
        run_env=recipe.run_env,
        reasons=tuple(reasons),
    )


def _recipe(listing: Listing, overrides: Overrides) -> Recipe:
    found = [recipe for one in RECIPES if (recipe := one(listing)) is not None]
    can_start = [one for one in found if one.start or one.static]
    if overrides.start or listing.has("Procfile"):
        return (found or [NOTHING])[0]
    # A package.json may be there for the pages of a program that is written in something else.
    return (can_start or found or [NOTHING])[0]


def _found(recipe: Recipe) -> Program:
    if recipe.start:
        return _web(recipe.start)
    if recipe.static:
        return Program(
            kind=ProgramKind.WEB,
            name="web",
            command=recipe.static,
            is_static=True,
            has_one_page=recipe.runtime != "static",
        )
    raise CannotPlan(
        "cannot tell how to start it: set the start command of the project,"
        " or add a Procfile with a line web: COMMAND"
    )


def _of_procfile(listing: Listing, reasons: list[str]) -> tuple[list[Program], str]:
    if not listing.has("Procfile"):
        return [], ""
    try:
        lines = procfile.parse(listing.text("Procfile"))
    except ValueError as error:
        raise CannotPlan(f"its Procfile cannot be used: {error}") from None
    programs: list[Program] = []
    release = ""
    for line in lines:
        name, command = line["name"], line["script"]
        if name == "release":
            release = command
            reasons.append(f"release: {command}, as its Procfile says")
            continue
        programs.append(_program(name, command))
        reasons.append(f"{programs[-1].kind} {name}: {command}, as its Procfile says")
    if len({one.name for one in programs}) < len(programs):
        raise CannotPlan("its Procfile cannot be used: two of its lines have one name")
    if len(programs) > MOST_PROGRAMS:
        raise CannotPlan(f"its Procfile cannot be used: more than {MOST_PROGRAMS} programs")
    return sorted(programs, key=lambda one: one.kind is not ProgramKind.WEB), release


def _program(name: str, command: str) -> Program:
    if not _NAME.fullmatch(name):
        raise CannotPlan(f"its Procfile cannot be used: {shown(name)} is not a name for a program")
    if not name.startswith("cron"):
        kind = ProgramKind.WEB if name == "web" else ProgramKind.WORKER
        return Program(kind=kind, name=name, command=command)
    found = _CRON.fullmatch(command)
    if found is None:
        raise CannotPlan(
            f"its Procfile cannot be used: {name} takes five fields of a schedule and a command"
        )
    try:
        due = cron(found[1])
    except InvalidInput as error:
        raise CannotPlan(f"its Procfile cannot be used: {name}: {error.message}") from None
    return Program(kind=ProgramKind.CRON, name=name, command=found[2], schedule=due or "")


def _web(command: str) -> Program:
    return Program(kind=ProgramKind.WEB, name="web", command=command)
