import pytest

from tests.support.views import a_view

PROX = """
processes: {web: sleep 5}
proxy: {http_port: 6788, domain: local.dev}
services: {web: 3000, search: 9200}
"""
OFF = {"on": False, "urls": [], "domain": None, "services": []}
ELSEWHERE = {**OFF, "on": True, "urls": ["http://localhost:9680"]}


@pytest.fixture
def project(cli, folder):
    (folder / "prox.yaml").write_text(PROX)
    cli.lists()
    cli.does("start", a_view("web"))
    return cli


def answer(cli, **results):
    for verb, result in results.items():
        cli.daemon.answers(verb, {"result": result})


def test_the_proxy_listens_before_anything_starts_and_addresses_come_behind(project):
    answer(project, gateway=OFF, gateway_on={"urls": ["http://localhost:6788"]}, service={})

    assert project("start", "prox.yaml") == 0

    asked = [verb for verb, _ in project.daemon.requests if verb != "list"]
    assert asked == ["gateway", "gateway_on", "start", "service", "gateway"]
    assert project.daemon.asked("gateway_on") == [
        {"domain": "local.dev", "http_port": 6788, "https_port": -1}
    ]
    [published] = project.daemon.asked("service")
    assert (published["targets"], published["routes"]) == (["localhost:9200"], ["search.local.dev"])


def test_it_says_where_the_services_of_the_file_answer(project):
    routes = [{"host": "web.local.dev", "path": "/", "strip": False}]
    services = [
        {"name": name, "target": name, "source": None, "routes": routes}
        for name in ("web", "others")
    ]
    urls = ["http://localhost:6788", "https://localhost:443"]
    answer(project, gateway={**ELSEWHERE, "urls": urls, "services": services}, service={})

    assert project("start", "prox.yaml") == 0

    assert [line for line in project.out.splitlines() if "answers at" in line] == [
        "web answers at http://web.local.dev:6788/",
        "web answers at https://web.local.dev/",
    ]


def test_where_it_listens_already_it_stays_and_that_is_told(project):
    answer(project, gateway=ELSEWHERE, service={})

    assert project("start", "prox.yaml") == 0

    assert project.daemon.asked("gateway_on") == []
    assert "proxy: it listens at http://localhost:9680 already, and stays there" in project.err


def test_where_it_cannot_listen_nothing_is_started(project):
    answer(project, gateway=OFF)
    project.refuses("gateway_on", "address_in_use", "cannot listen")

    assert project("start", "prox.yaml") == 1
    assert project.daemon.asked("start") == []


def test_an_address_that_cannot_be_published_holds_nothing_up(project):
    answer(project, gateway=OFF, gateway_on={"urls": []})
    project.refuses("service", "service_taken", "there is one already")

    assert project("start", "prox.yaml") == 0
    assert "services.search: there is one already" in project.err


@pytest.fixture
def published_before(project, folder):
    """What this file, and somebody else, have published by now."""
    file = str(folder / "prox.yaml")
    services = [
        {"name": "search", "target": "localhost:1", "source": file},
        {"name": "gone", "target": "localhost:2", "source": file},
        {"name": "mine", "target": "localhost:3", "source": None},
    ]
    answer(project, gateway={**ELSEWHERE, "services": services}, service={}, service_remove={})
    answer(project, apply={"processes": [], "steps": []})
    return project


def test_what_the_file_has_published_before_is_replaced_or_taken_away(published_before, folder):
    assert published_before("apply", "prox.yaml") == 0

    [published] = published_before.daemon.asked("service")
    assert published["source"] == str(folder / "prox.yaml")
    assert published_before.daemon.asked("service_remove") == [{"name": "gone"}]


def test_a_dry_run_tells_what_would_be_published_and_changes_nothing(published_before):
    assert published_before("apply", "prox.yaml", "--dry-run") == 0

    assert published_before.out.splitlines() == [
        "services.search: localhost:1 → localhost:9200",
        "services.gone: not in the file any more, will be unpublished",
        "nothing was done (--dry-run)",
    ]
    assert {verb for verb, _ in published_before.daemon.requests} == {"apply", "gateway"}
