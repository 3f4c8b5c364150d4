"""Python: uv, Poetry, Pipenv and pip."""

import re

from pmdaemon.config.runtimes.recipe import Recipe, table, toml_of
from pmdaemon.core.releases import Listing

DECLARATIONS = ("pyproject.toml", "requirements.txt", "Pipfile", "setup.py")

MAIN_FILES = ("main.py", "app.py", "server.py", "run.py", "wsgi.py", "asgi.py", "index.py")

VENV = "python3 -m venv .venv && .venv/bin/pip install --disable-pip-version-check"

_NAMES = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def recipe(listing: Listing) -> Recipe | None:
    """Say how a Python repository is run; None when it is none."""
    known = listing.first(*DECLARATIONS, "manage.py", *MAIN_FILES)
    if known is None:
        return None
    install, reason = _install(listing)
    start, why = _start(listing)
    reasons = [f"Python, as there is a {known}", reason]
    return Recipe(
        runtime="python",
        install=install,
        start=start,
        path=(".venv/bin",),
        build_env={"POETRY_VIRTUALENVS_IN_PROJECT": "true", "PIPENV_VENV_IN_PROJECT": "1"},
        run_env={"PYTHONUNBUFFERED": "1"},
        reasons=(*reasons, why) if why else tuple(reasons),
    )


def _install(listing: Listing) -> tuple[str, str]:
    tools = table(toml_of(listing, "pyproject.toml").get("tool"))
    if listing.has("uv.lock"):
        return "uv sync --frozen --no-dev", "install: uv sync, as there is a uv.lock"
    if listing.has("poetry.lock") or "poetry" in tools:
        command = "poetry install --no-interaction --only main"
        return command, "install: poetry install, as the repository says poetry"
    if "uv" in tools:
        return "uv sync --no-dev", "install: uv sync, as pyproject.toml has a table tool.uv"
    if listing.has("requirements.txt"):
        return f"{VENV} -r requirements.txt", "install: pip, as there is a requirements.txt"
    if listing.has("Pipfile"):
        return "pipenv install --deploy", "install: pipenv install, as there is a Pipfile"
    if (found := listing.first("pyproject.toml", "setup.py")) is not None:
        return f"{VENV} .", f"install: pip, as there is a {found}"
    return "", "install: nothing, as no dependencies are named"


def _start(listing: Listing) -> tuple[str, str]:
    needed = _needed(listing)
    main = listing.first(*MAIN_FILES)
    module = main.removesuffix(".py") if main is not None else "main"
    if listing.has("manage.py"):
        command = "python manage.py runserver --noreload 127.0.0.1:$PORT"
        return command, f"start: {command}, as there is a manage.py (a Procfile can say better)"
    if main is None:
        return "", ""
    if "uvicorn" in needed or "fastapi" in needed:
        command = f"uvicorn {module}:app --port $PORT"
        return command, f"start: {command}, as the repository needs uvicorn"
    if "gunicorn" in needed:
        command = f"gunicorn --bind 127.0.0.1:$PORT {module}:app"
        return command, f"start: {command}, as the repository needs gunicorn"
    if "flask" in needed and "app.run(" not in listing.text(main):
        command = f"flask --app {module} run --port $PORT"
        return command, f"start: {command}, as the repository needs flask"
    return f"python {main}", f"start: python {main}, as there is such a file"


def _needed(listing: Listing) -> set[str]:
    """List the words at the beginnings of requirements, wherever they stand."""
    texts = [listing.text(name) for name in ("requirements.txt", "pyproject.toml", "Pipfile")]
    lines = [line.strip(" \t\"',[") for text in texts for line in re.split(r"[\n,]", text)]
    return {found[0].lower() for line in lines if (found := _NAMES.match(line)) is not None}
