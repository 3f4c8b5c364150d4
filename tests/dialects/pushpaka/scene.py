"""The scene of the transcripts of Pushpaka: an administrator, two users, a project of each."""

from pmdaemon.core.accounts import Asker
from tests.support.engine import EngineOnFakes

PASSWORD = "securepassword"


async def set_scene(parts: EngineOnFakes) -> dict[str, str]:
    """Make everything that the transcripts talk about; return what their names stand for."""
    platform = parts.platform.platform
    names: dict[str, str] = {}
    people = {}
    for name in ("root", "jane", "joe"):
        account = await platform.accounts.register(
            email=f"{name}@example.com",
            name=name.title() + " Doe",
            password=PASSWORD,
            by_admin=True,
        )
        people[name] = account
        names[name] = platform.accounts.session(account)
        names[f"{name}_id"] = account.id
    for name, owner in (("shop", "jane"), ("blog", "joe")):
        project = await platform.projects.create(
            Asker(people[owner].id), {"name": name, "repo_url": f"https://example.com/{name}"}
        )
        names[name] = project.id
        await platform.projects.variables.set(project.id, {"DATABASE_URL": "postgres://s3cret"})
        domain = await platform.projects.add_domain(
            Asker(people[owner].id), project.id, f"{name}.example.com"
        )
        names[f"{name}_domain"] = domain.id
    _, names["jane_ci"] = await platform.accounts.api_tokens.make(people["jane"].id, "ci")
    invitation, names["invitation"] = await platform.accounts.invitations.make(
        by=people["root"].id, email="kim@example.com"
    )
    names["invitation_id"] = invitation.id
    _, names["key"] = await parts.engine.tokens.make("ops")
    _, names["reader"] = await parts.engine.tokens.make("reader", scopes=["read"])
    return names
