"""Python: uv, Poetry, Pipenv and pip."""

import re
from collections.abc import Iterator

from pmdaemon.config.runtimes.recipe import Recipe, as_there_is, table, text, toml_of
from pmdaemon.core.releases import Listing

DECLARATIONS = ("pyproject.toml", "requirements.txt", "Pipfile", "setup.py")

MAIN_FILES = ("main.py", "app.py", "server.py", "run.py", "wsgi.py", "asgi.py", "index.py")

FOLDERS = ("app", "src", "api", "backend")
"""Where main files may be as well, if there are none above."""

MAINS = (*MAIN_FILES, *(f"{folder}/{name}" for folder in FOLDERS for name in MAIN_FILES))

BUILD = {
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_NO_INPUT": "1",
    "PIP_PROGRESS_BAR": "off",
    "PIPENV_VENV_IN_PROJECT": "1",
    "POETRY_VIRTUALENVS_IN_PROJECT": "true",
}

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_QUOTED = re.compile(r"[\"']([A-Za-z0-9][A-Za-z0-9._-]*)")
_VERSION = re.compile(r"(?:python-|cpython-)?(3\.[0-9]+)(?:\.[0-9]+)?")
_SETTINGS = re.compile(r"DJANGO_SETTINGS_MODULE[\"'],\s*[\"'](\w+)\.")
_APP = re.compile(
    r"^(\w+)\s*(?::[^=\n]+)?=\s*[\w.]*"
    r"(?:FastAPI|Flask|Starlette|Quart|Litestar|Falcon|get_[aw]sgi_application|create_app)\(",
    re.MULTILINE,
)


def recipe(listing: Listing) -> Recipe | None:
    """Say how a Python repository is run; None when it is none."""
    known = listing.first(*DECLARATIONS, "manage.py", *MAIN_FILES)
    if known is None:
        return None
    install, reason = _install(listing)
    start, why = _start(listing)
    reasons = [f"Python, {as_there_is(known)}", reason]
    if start:
        reasons.append(f"start: {start}, {why}")
    return Recipe(
        runtime="python",
        install=install,
        start=start,
        path=(".venv/bin",),
        build_env=BUILD,
        run_env={"PYTHONUNBUFFERED": "1"},
        reasons=tuple(reasons),
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
        return _by_pip(listing, "-r requirements.txt", "requirements.txt")
    if listing.has("Pipfile"):
        return "pipenv install --deploy", "install: pipenv install, as there is a Pipfile"
    if (found := listing.first("pyproject.toml", "setup.py")) is not None:
        return _by_pip(listing, ".", found)
    return "", "install: nothing, as no dependencies are named"


def _by_pip(listing: Listing, what: str, known: str) -> tuple[str, str]:
    """Install by pip, with the Python that the repository asks for."""
    python, asked = "python3", ""
    for name in (".python-version", "runtime.txt"):
        if found := _VERSION.fullmatch(listing.text(name).strip()):
            python, asked = f"python{found[1]}", f", with Python {found[1]} of its {name}"
            break
    command = f"{python} -m venv .venv && .venv/bin/pip install {what}"
    return command, f"install: pip, {as_there_is(known)}{asked}"


def _start(listing: Listing) -> tuple[str, str]:
    needed = {*_needed(listing)}
    if listing.has("manage.py"):
        return _django(listing, needed)
    main = listing.first(*MAINS)
    if main is None:
        return "", ""
    code = listing.text(main)
    folder, module = _module(listing, main)
    found = _APP.search(code)
    name = found[1] if found else "application" if "application =" in code else "app"
    if "uvicorn" in needed or "fastapi" in needed:
        place = f" --app-dir {folder}" if folder else ""
        return f"uvicorn{place} {module}:{name} --port $PORT", "as the repository needs uvicorn"
    if "gunicorn" in needed:
        place = f" --chdir {folder}" if folder else ""
        return (
            f"gunicorn{place} --bind 127.0.0.1:$PORT {module}:{name}",
            "as the repository needs gunicorn",
        )
    # What looks at PORT by itself knows better; app.run alone would listen on 5000.
    if "flask" in needed and "PORT" not in code:
        place = f"{folder}/" if folder else ""
        return f"flask --app {place}{module} run --port $PORT", "as the repository needs flask"
    if "streamlit" in needed:
        options = "--server.port $PORT --server.address 127.0.0.1 --server.headless true"
        return f"streamlit run {main} {options}", "as the repository needs streamlit"
    if not folder and "." in module:
        return f"python -m {module}", f"as there is a {main}"
    return f"python {main}", "as there is such a file"


def _django(listing: Listing, needed: set[str]) -> tuple[str, str]:
    found = _SETTINGS.search(listing.text("manage.py"))
    if found is not None and "gunicorn" in needed:
        command = f"gunicorn --bind 127.0.0.1:$PORT {found[1]}.wsgi"
        return command, "as there is a manage.py, and the repository needs gunicorn"
    if found is not None and "uvicorn" in needed:
        command = f"uvicorn {found[1]}.asgi:application --port $PORT"
        return command, "as there is a manage.py, and the repository needs uvicorn"
    command = "python manage.py runserver --noreload 127.0.0.1:$PORT"
    return command, "as there is a manage.py (gunicorn among its dependencies would be better)"


def _module(listing: Listing, main: str) -> tuple[str, str]:
    """Say by which name a main file is imported, and from which folder where not from the top."""
    folder, _, name = main.rpartition("/")
    name = name.removesuffix(".py")
    if not folder:
        return "", name
    code = listing.text(main)
    is_package = (
        listing.has(f"{folder}/__init__.py") or f"from {folder}" in code or "from ." in code
    )
    return ("", f"{folder}.{name}") if is_package else (folder, name)


def _needed(listing: Listing) -> Iterator[str]:
    """List what is needed by name, wherever that is declared."""
    project = toml_of(listing, "pyproject.toml")
    poetry = table(table(project.get("tool")).get("poetry"))
    listed = table(project.get("project")).get("dependencies")
    lines = [text(one) for one in listed] if isinstance(listed, list) else []
    names = [
        *listing.text("requirements.txt").splitlines(),
        *lines,
        *table(poetry.get("dependencies")),
        *table(toml_of(listing, "Pipfile").get("packages")),
        *_QUOTED.findall(listing.text("setup.py")),
    ]
    for line in names:
        if found := _NAME.match(line.strip()):
            yield found[0].lower()
