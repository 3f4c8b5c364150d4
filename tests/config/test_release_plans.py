import pytest

from pmdaemon.config.release_plans import CannotPlan, plan
from pmdaemon.core.releases import Listing, Overrides, Program, ProgramKind

NODE = {"package.json": '{"scripts": {"start": "node a.js", "build": "tsc"}}'}


def listing(*names, **texts):
    return Listing(frozenset({*names, *texts}), texts)


def of_procfile(text, **more):
    return plan(listing(Procfile=text, **more), Overrides())


def test_what_the_project_says_beats_everything():
    found = plan(
        listing(Procfile="web: node b.js\nworker: node w.js", **NODE),
        Overrides(install="make deps", build="make", start="./run", run_dir="site"),
    )

    assert (found.install, found.build, found.run_dir) == ("make deps", "make", "site")
    assert [(one.kind, one.command) for one in found.programs] == [
        (ProgramKind.WEB, "./run"),
        (ProgramKind.WORKER, "node w.js"),
    ]


def test_a_procfile_beats_the_scripts_of_package_json():
    found = of_procfile("web: node b.js", **NODE)

    assert found.build == "npm run build"
    assert [one.command for one in found.programs] == ["node b.js"]
    assert "web web: node b.js, as its Procfile says" in found.reasons


def test_a_procfile_has_four_kinds():
    found = of_procfile(
        "# comment\nworker: work\nrelease: migrate\ncron_night: 0 3 * * * tidy up\n"
        "cron: @daily count\nweb: serve\n"
    )

    assert found.release == "migrate"
    assert found.programs == (
        Program(kind=ProgramKind.WEB, name="web", command="serve"),
        Program(kind=ProgramKind.WORKER, name="worker", command="work"),
        Program(kind=ProgramKind.CRON, name="cron_night", command="tidy up", schedule="0 3 * * *"),
        Program(kind=ProgramKind.CRON, name="cron", command="count", schedule="0 0 * * *"),
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("web", "expecting name: command at line 1"),
        ("cron: tidy up", "five fields of a schedule"),
        ("cron: 99 * * * * tidy", "cron: "),
        ("web: a\nweb: b", "two of its lines have one name"),
        ("a.b: c", "a.b is not a name for a program"),
        ("\n".join(f"p{n}: x" for n in range(21)), "more than 20 programs"),
    ],
)
def test_a_procfile_that_cannot_be_used(text, reason):
    with pytest.raises(CannotPlan, match="its Procfile cannot be used") as refused:
        of_procfile(text)

    assert reason in refused.value.message


def test_a_repository_without_anything_to_start():
    with pytest.raises(CannotPlan, match="cannot tell how to start it"):
        plan(listing("README.md"), Overrides())


def test_one_with_a_procfile_of_workers_alone_needs_no_web_program():
    assert of_procfile("worker: work").web is None


def test_a_package_json_for_the_pages_of_a_python_program_does_not_hide_it():
    found = plan(listing("main.py", **{"package.json": "{}"}), Overrides())

    assert found.runtime == "python"


def test_pages_are_served():
    found = plan(listing("index.html"), Overrides())

    assert found.programs == (
        Program(kind=ProgramKind.WEB, name="web", command=".", is_static=True),
    )


def test_pages_that_are_built_are_one_page():
    text = '{"scripts": {"build": "vite build"}, "devDependencies": {"vite": "5"}}'

    (web,) = plan(listing(**{"package.json": text}), Overrides()).programs

    assert (web.command, web.is_static, web.has_one_page) == ("dist", True, True)


def test_an_unknown_kind_is_run_as_the_project_says():
    found = plan(listing("README.md"), Overrides(start="./run"))

    assert (found.runtime, found.web.command) == ("none", "./run")
