import pytest

from tests.cli.commands.test_project import PROJECT
from tests.cli.test_project_parts import DOMAIN, VARIABLE, WEBHOOK


@pytest.fixture
def projects(client):
    return client.projects


def test_each_verb_on_projects_asks_for_what_it_is_called(daemon, projects):
    for verb in ("project", "project_add", "project_change", "project_remove"):
        daemon.answers(verb, {"result": {"project": PROJECT}})
    daemon.answers("projects", {"result": {"projects": [PROJECT]}})

    assert projects.list() == [PROJECT]
    assert projects.get("shop") == PROJECT
    assert projects.create("Shop", "/srv/shop", branch="dev", port=None) == PROJECT
    assert projects.create("Shop", "/srv/shop", user="j@example.com") == PROJECT
    assert projects.change("shop", keep=3) == PROJECT
    assert projects.remove("shop") == PROJECT

    fields = {"name": "Shop", "repo_url": "/srv/shop"}
    assert daemon.requests == [
        ("projects", {}),
        ("project", {"project": "shop"}),
        ("project_add", {"fields": {**fields, "branch": "dev"}}),
        ("project_add", {"fields": fields, "user": "j@example.com"}),
        ("project_change", {"project": "shop", "fields": {"keep": 3}}),
        ("project_remove", {"project": "shop"}),
    ]


def test_each_verb_on_their_parts_asks_for_what_it_is_called(daemon, projects):
    for verb in ("variables", "variables_set"):
        daemon.answers(verb, {"result": {"variables": [VARIABLE]}})
    for verb in ("domain_add", "domain_verify", "domain_remove"):
        daemon.answers(verb, {"result": {"domain": DOMAIN}})
    daemon.answers("variable_remove", {"result": {}})
    daemon.answers("rotate_sealing", {"result": {"sealed": 3}})
    daemon.answers("domains", {"result": {"domains": [DOMAIN]}})
    daemon.answers("webhooks", {"result": {"webhooks": [WEBHOOK]}})
    daemon.answers("webhook_add", {"result": {"webhook": WEBHOOK}})
    daemon.answers("webhook_remove", {"result": {}})

    assert projects.variables("shop") == [VARIABLE]
    assert projects.set_variables("shop", {"A": "1"}, scope="run") == [VARIABLE]
    assert projects.remove_variable("shop", "A") is None
    assert projects.rotate_sealing() == 3
    assert projects.domains() == [DOMAIN]
    assert projects.add_domain("shop", "a.example.com") == DOMAIN
    assert projects.verify_domain("a.example.com", trust=True) == DOMAIN
    assert projects.remove_domain("a.example.com") == DOMAIN
    assert projects.webhooks("shop") == [WEBHOOK]
    assert projects.add_webhook("shop", "github") == WEBHOOK
    assert projects.remove_webhook("w1") is None

    assert daemon.requests == [
        ("variables", {"project": "shop"}),
        ("variables_set", {"project": "shop", "variables": {"A": "1"}, "scope": "run"}),
        ("variable_remove", {"project": "shop", "key": "A"}),
        ("rotate_sealing", {}),
        ("domains", {}),
        ("domain_add", {"project": "shop", "domain": "a.example.com", "trust": False}),
        ("domain_verify", {"domain": "a.example.com", "trust": True}),
        ("domain_remove", {"domain": "a.example.com"}),
        ("webhooks", {"project": "shop"}),
        ("webhook_add", {"project": "shop", "provider": "github", "branch": ""}),
        ("webhook_remove", {"id": "w1"}),
    ]
