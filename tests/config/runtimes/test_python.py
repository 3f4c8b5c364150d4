import pytest

from pmdaemon.config.runtimes.python import VENV, recipe
from pmdaemon.core.releases import Listing


def listing(*names, **texts):
    named = {name.replace("_", "."): text for name, text in texts.items()}
    return Listing(frozenset({*names, *named}), named)


@pytest.mark.parametrize(
    ("found", "install"),
    [
        (listing("main.py"), ""),
        (listing("main.py", requirements_txt="flask"), f"{VENV} -r requirements.txt"),
        (listing("main.py", "pyproject.toml", "uv.lock"), "uv sync --frozen --no-dev"),
        (listing("main.py", pyproject_toml="[tool.uv]"), "uv sync --no-dev"),
        (
            listing("main.py", pyproject_toml="[tool.poetry]"),
            "poetry install --no-interaction --only main",
        ),
        (listing("main.py", pyproject_toml="[project]"), f"{VENV} ."),
        (listing("main.py", pyproject_toml="[broken"), f"{VENV} ."),
        (listing("main.py", "Pipfile"), "pipenv install --deploy"),
    ],
)
def test_what_is_installed_by_what(found, install):
    assert recipe(found).install == install


@pytest.mark.parametrize(
    ("found", "start"),
    [
        (listing("main.py"), "python main.py"),
        (listing("app.py", requirements_txt="FastAPI>=0.1\n"), "uvicorn app:app --port $PORT"),
        (
            listing("wsgi.py", requirements_txt="gunicorn"),
            "gunicorn --bind 127.0.0.1:$PORT wsgi:app",
        ),
        (listing("app.py", requirements_txt="flask==3"), "flask --app app run --port $PORT"),
        (listing(app_py="app.run()", requirements_txt="flask"), "python app.py"),
        (
            listing("manage.py", requirements_txt="django"),
            "python manage.py runserver --noreload 127.0.0.1:$PORT",
        ),
        (listing(requirements_txt="requests"), ""),
    ],
)
def test_how_it_is_started(found, start):
    assert recipe(found).start == start


def test_requirements_are_found_in_pyproject_too():
    found = listing(
        "main.py", pyproject_toml='[project]\ndependencies = [\n  "uvicorn[std]>=0.30",\n]'
    )

    assert recipe(found).start == "uvicorn main:app --port $PORT"


def test_without_any_python_it_is_none():
    assert recipe(listing("index.js")) is None
