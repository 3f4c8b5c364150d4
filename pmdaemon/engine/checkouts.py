"""Which project a checkout belongs to."""

from pmdaemon.core.accounts import THE_OPERATOR
from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.projects import Project
from pmdaemon.engine.projects import Projects


async def project_of(projects: Projects, path: str, name: str, origin: str = "") -> Project:
    """Find the project of a checkout on this machine, or make one.

    It is one whose code comes from this very folder, or else from where the checkout came from.

    Raises:
        InvalidInput: there are several of these, or a new one cannot be called so.

    """
    everything = projects.list(THE_OPERATOR)
    here = [one for one in everything if one.repo_url in {path, f"file://{path}"}]
    there = [one for one in everything if origin and one.repo_url == origin]
    found = here or there
    if len(found) > 1:
        names = ", ".join(sorted(one.slug for one in found))
        raise InvalidInput(
            f"several projects are of this repository: {names} (say which: --project)",
            code="project_ambiguous",
        )
    if found:
        return found[0]
    given = {"name": name if len(name) > 1 else f"{name}-app", "repo_url": f"file://{path}"}
    return await projects.create(THE_OPERATOR, given)
