import pytest

from pmdaemon.core.projects import EnvScope
from tests.support.control import ControlScene, controlled

JANE = {"email": "jane@example.com", "name": "Jane Doe", "password": "securepassword"}
SHOP = {"name": "Shop", "repo_url": "https://example.com/shop"}


class Scene(ControlScene):
    def __init__(self, parts, channel):
        super().__init__(parts, channel)
        self.platform = parts.platform.platform
        self.fakes = parts.platform


@pytest.fixture
async def scene(tmp_path):
    async with controlled(tmp_path, Scene) as scene:
        yield scene


async def test_accounts_are_made_changed_and_removed(scene):
    made = (await scene.result("account_add", **JANE))["account"]
    assert (made["email"], made["role"], made["projects"]) == ("jane@example.com", "admin", 0)

    await scene.result("account_add", **{**JANE, "email": "joe@example.com"})
    await scene.result("account_role", email="JOE@example.com", role="admin")
    await scene.result("account_password", email="joe@example.com", password="anotherpassword")
    assert scene.platform.accounts.named("joe@example.com").generation == 1
    await scene.result("account_remove", email="jane@example.com")

    listed = (await scene.result("accounts"))["accounts"]
    assert [(one["email"], one["role"]) for one in listed] == [("joe@example.com", "admin")]


async def test_invitations_are_made_listed_and_withdrawn(scene):
    made = (await scene.result("invite", email="kim@example.com", expire_in=60.0))["invitation"]
    assert made["invitation"] == "made-key-1"

    (listed,) = (await scene.result("invitations"))["invitations"]
    assert (listed["email"], "invitation" in listed) == ("kim@example.com", False)
    await scene.result("invitation_remove", id=listed["id"])

    assert (await scene.result("invitations"))["invitations"] == []


async def test_projects_are_the_operators_or_somebodys(scene):
    await scene.result("account_add", **JANE)
    ours = (await scene.result("project_add", fields={**SHOP, "repo_url": "/srv/shop"}))["project"]
    janes = (await scene.result("project_add", fields=SHOP, user="Jane@example.com"))["project"]

    assert (ours["user"], ours["slug"], ours["status"]) == (None, "shop", "inactive")
    assert (janes["user"], janes["slug"]) == ("jane@example.com", "shop-2")
    assert [one["slug"] for one in (await scene.result("projects"))["projects"]] == [
        "shop-2",
        "shop",
    ]
    assert (await scene.result("accounts"))["accounts"][0]["projects"] == 1

    changed = await scene.result("project_change", project="shop", fields={"port": 8080})
    assert changed["project"]["port"] == 8080
    assert (await scene.result("project", project="shop"))["project"]["port"] == 8080
    await scene.result("project_remove", project="shop")
    assert scene.fakes.follower.verbs == ["forget"]
    assert await scene.code("project", project="shop") == "project_not_found"


async def test_variables_are_set_listed_and_removed(scene):
    await scene.result("project_add", fields=SHOP)

    await scene.result("variables_set", project="shop", variables={"A": "1", "B": ""}, scope="run")
    listed = (await scene.result("variables", project="shop"))["variables"]
    assert [(one["key"], one["scope"]) for one in listed] == [("A", "run"), ("B", "run")]
    await scene.result("variable_remove", project="shop", key="B")

    id_ = scene.platform.projects.find("shop").id
    assert scene.platform.projects.environment(id_, EnvScope.RUN) == {"A": "1"}
    assert await scene.result("rotate_sealing") == {"sealed": 1}


async def test_api_tokens_are_made_listed_and_revoked(scene):
    await scene.result("account_add", **JANE)

    made = (await scene.result("api_token_add", email=JANE["email"], name="laptop"))["token"]
    assert made["token"].startswith("pmd_")
    (listed,) = (await scene.result("api_tokens", email=JANE["email"]))["tokens"]
    assert (listed["name"], "token" in listed) == ("laptop", False)
    await scene.result("api_token_remove", email=JANE["email"], id=listed["id"])

    assert (await scene.result("api_tokens", email=JANE["email"]))["tokens"] == []
    code = await scene.code("api_token_remove", email=JANE["email"], id=listed["id"])
    assert code == "api_token_not_found"


async def test_domains_are_claimed_proved_and_removed(scene):
    await scene.result("project_add", fields=SHOP)

    claimed = (await scene.result("domain_add", project="shop", domain="a.example.com"))["domain"]
    assert (claimed["project"], claimed["txt_name"]) == ("shop", "_pmdaemon.a.example.com")
    assert await scene.code("domain_verify", domain="a.example.com") == "domain_unproven"
    await scene.result("domain_verify", domain="a.example.com", trust=True)
    trusted = await scene.result("domain_add", project="shop", domain="b.example.com", trust=True)

    assert trusted["domain"]["verified"]
    listed = (await scene.result("domains", project="shop"))["domains"]
    assert [one["verified"] for one in listed] == [True, True]
    await scene.result("domain_remove", domain="a.example.com")
    assert len((await scene.result("domains"))["domains"]) == 1


async def test_webhooks_are_made_listed_and_removed(scene):
    await scene.result("project_add", fields=SHOP)

    made = (await scene.result("webhook_add", project="shop", provider="gitea"))["webhook"]
    (listed,) = (await scene.result("webhooks", project="shop"))["webhooks"]
    await scene.result("webhook_remove", id=made["id"])

    assert (made["secret"], "secret" in listed) == ("made-key-1", False)
    assert (listed["path"], listed["url"]) == (f"/api/v1/webhooks/{made['id']}/receive", None)
    assert (await scene.result("webhooks"))["webhooks"] == []


@pytest.mark.parametrize(
    ("verb", "body", "code"),
    [
        ("account_add", {"email": "jane@example.com"}, "invalid_input"),
        ("account_add", {**JANE, "email": "x"}, "invalid_email"),
        ("account_add", {**JANE, "role": "emperor"}, "invalid_input"),
        ("account_remove", {"email": "nobody@example.com"}, "account_not_found"),
        ("invitation_remove", {"id": "x"}, "invitation_not_found"),
        ("project_add", {"fields": {"name": "Shop"}}, "invalid_project"),
        ("project_add", {"fields": SHOP, "user": "nobody@example.com"}, "account_not_found"),
        ("project_add", {"fields": {**SHOP, "slug": "x"}}, "invalid_project"),
        ("variables", {"project": "x"}, "project_not_found"),
        ("domain_verify", {"domain": "x.example.com"}, "domain_not_found"),
        ("webhook_add", {"project": "x", "provider": "svn"}, "invalid_input"),
        ("webhook_remove", {"id": "x"}, "webhook_not_found"),
    ],
)
async def test_what_cannot_be_is_refused(scene, verb, body, code):
    assert await scene.code(verb, **body) == code
