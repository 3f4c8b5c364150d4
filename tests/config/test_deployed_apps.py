import pytest

from pmdaemon.config.deployed_apps import app_name, commands_path, first_port, specs
from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.releases import Program, ProgramKind, Release, ReleasePlan
from tests.support.deploying import a_project

WEB = Program(kind=ProgramKind.WEB, name="web", command="/bin/sh server.sh")
WORKER = Program(kind=ProgramKind.WORKER, name="worker", command="/bin/sh work.sh")
CRON = Program(kind=ProgramKind.CRON, name="cron", command="/bin/true", schedule="0 3 * * *")
ENV = {"PATH": "/usr/bin:/bin", "HOME": "/nowhere"}


def a_release(folder, *programs, **plan):
    return Release(
        project_id="p1",
        number=3,
        deployment_id="d3",
        commit_sha="a" * 40,
        folder=str(folder),
        plan=ReleasePlan(runtime="node", programs=programs, **plan),
        created=1.0,
    )


def test_a_web_program_gets_a_port_of_its_own(tmp_path):
    release = a_release(tmp_path, WEB, run_env={"NODE_ENV": "production"})

    (spec,) = specs(a_project(), release, 5, ENV)

    assert (spec.name, spec.namespace, spec.cwd) == ("shop@5", "shop", str(tmp_path))
    assert str(spec.tcp_ports) == f"auto:{first_port(a_project())}-29999"
    assert (spec.env, spec.inherited_env) == ({"NODE_ENV": "production"}, ENV)
    assert (spec.stop.signal, spec.stop.grace) == ("SIGTERM", 10.0)
    assert spec.command.argv == ("/bin/sh", "server.sh")


def test_a_health_path_is_asked_at_that_port(tmp_path):
    (spec,) = specs(a_project(health_path="/up"), a_release(tmp_path, WEB), 5, ENV)

    assert (spec.health.kind, spec.health.target) == ("http", "http://localhost:{port}/up")


def test_workers_and_jobs_have_no_port(tmp_path):
    worker, job = specs(a_project(), a_release(tmp_path, WORKER, CRON), 5, ENV)

    assert (worker.name, worker.tcp_ports, worker.job) == ("shop@5.worker", None, None)
    assert (job.name, job.job.schedule.cron) == ("shop@5.cron", "0 3 * * *")


def test_pages_are_served_to_this_machine_alone(tmp_path):
    pages = Program(
        kind=ProgramKind.WEB, name="web", command="dist", is_static=True, has_one_page=True
    )

    (spec,) = specs(a_project(), a_release(tmp_path, pages), 5, ENV)

    assert spec.env["PM2_SERVE_PATH"] == "dist"
    assert (spec.env["PM2_SERVE_HOST"], spec.env["PM2_SERVE_SPA"]) == ("127.0.0.1", "true")
    assert "pmdaemon.server.static_site" in spec.command.argv


def test_a_release_runs_where_it_was_built(tmp_path):
    (tmp_path / "site").mkdir()

    (spec,) = specs(a_project(), a_release(tmp_path, WEB, run_dir="site"), 5, ENV)

    assert spec.cwd == str(tmp_path / "site")


def test_its_own_programs_come_first(tmp_path):
    release = a_release(tmp_path, path=("node_modules/.bin",), run_dir="site")

    assert commands_path(release, "/bin") == f"{tmp_path}/site/node_modules/.bin:/bin"


def test_what_cannot_be_run_is_refused(tmp_path):
    program = Program(kind=ProgramKind.WEB, name="web", command="no-such-program")

    with pytest.raises(InvalidInput, match="no-such-program"):
        specs(a_project(), a_release(tmp_path, program), 5, ENV)


def test_names_of_apps():
    assert app_name("shop", 3, WEB) == "shop@3"
    assert app_name("shop", 3, WORKER) == "shop@3.worker"


def test_projects_begin_to_look_for_ports_apart():
    found = {first_port(a_project(id=f"p{number}")) for number in range(200)}

    assert len(found) > 150
    assert all(20000 <= one < 29990 for one in found)


def test_pages_that_are_not_one_are_served_each_by_itself(tmp_path):
    pages = Program(kind=ProgramKind.WEB, name="web", command="dist", is_static=True)

    (spec,) = specs(a_project(), a_release(tmp_path, pages), 5, ENV)

    assert "PM2_SERVE_SPA" not in spec.env
