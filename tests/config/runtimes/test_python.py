import pytest

from pmdaemon.config.runtimes.python import recipe
from pmdaemon.core.releases import Listing

PIP = "python3 -m venv .venv && .venv/bin/pip install"


def listing(*names, **texts):
    """Name files, and those with a text as `a__b_py` for `a/b.py`."""
    named = {name.replace("__", "/").replace("_", ".", 1): text for name, text in texts.items()}
    return Listing(frozenset({*names, *named}), named)


@pytest.mark.parametrize(
    ("found", "install"),
    [
        (listing("main.py"), ""),
        (listing("main.py", requirements_txt="flask"), f"{PIP} -r requirements.txt"),
        (listing("main.py", "pyproject.toml", "uv.lock"), "uv sync --frozen --no-dev"),
        (listing("main.py", pyproject_toml="[tool.uv]"), "uv sync --no-dev"),
        (
            listing("main.py", pyproject_toml="[tool.poetry]"),
            "poetry install --no-interaction --only main",
        ),
        (listing("main.py", pyproject_toml="[project]"), f"{PIP} ."),
        (listing("main.py", pyproject_toml="[broken"), f"{PIP} ."),
        (listing("main.py", "Pipfile"), "pipenv install --deploy"),
    ],
)
def test_what_is_installed_by_what(found, install):
    assert recipe(found).install == install


@pytest.mark.parametrize(
    ("name", "text", "python"),
    [
        (".python-version", "3.12\n", "python3.12"),
        (".python-version", "3.12.4\n", "python3.12"),
        ("runtime.txt", "python-3.11.9", "python3.11"),
        (".python-version", "my-environment", "python3"),
        (".python-version", "3.12; rm -rf /", "python3"),
    ],
)
def test_the_python_that_is_asked_for_is_taken(name, text, python):
    files = {"requirements.txt": "flask", name: text}

    found = recipe(Listing(frozenset(files), files))

    assert found.install.startswith(f"{python} -m venv .venv ")
    assert (f"of its {name}" in found.reasons[1]) == (python != "python3")


@pytest.mark.parametrize(
    ("found", "start"),
    [
        (listing("main.py"), "python main.py"),
        (listing("app.py", requirements_txt="FastAPI>=0.1\n"), "uvicorn app:app --port $PORT"),
        (
            listing(main_py="api: FastAPI = FastAPI()", requirements_txt="fastapi"),
            "uvicorn main:api --port $PORT",
        ),
        (
            listing("app/main.py", "app/__init__.py", requirements_txt="fastapi"),
            "uvicorn app.main:app --port $PORT",
        ),
        (
            listing("src/main.py", requirements_txt="fastapi"),
            "uvicorn --app-dir src main:app --port $PORT",
        ),
        (
            listing("wsgi.py", requirements_txt="gunicorn"),
            "gunicorn --bind 127.0.0.1:$PORT wsgi:app",
        ),
        (
            listing(wsgi_py="application = get_wsgi_application()", requirements_txt="gunicorn"),
            "gunicorn --bind 127.0.0.1:$PORT wsgi:application",
        ),
        (
            listing("src/app.py", requirements_txt="gunicorn"),
            "gunicorn --chdir src --bind 127.0.0.1:$PORT app:app",
        ),
        (listing("app.py", requirements_txt="flask==3"), "flask --app app run --port $PORT"),
        (listing("src/app.py", requirements_txt="flask"), "flask --app src/app run --port $PORT"),
        (listing(app_py="app.run()", requirements_txt="flask"), "flask --app app run --port $PORT"),
        (
            listing(app_py="app.run(port=os.environ['PORT'])", requirements_txt="flask"),
            "python app.py",
        ),
        (
            listing("app.py", requirements_txt="streamlit"),
            (
                "streamlit run app.py --server.port $PORT --server.address 127.0.0.1"
                " --server.headless true"
            ),
        ),
        (listing(app__main_py="from app.routes import x"), ""),
        (
            listing("setup.py", app__main_py="from app.routes import x"),
            "python -m app.main",
        ),
        (listing("setup.py", "src/main.py"), "python src/main.py"),
        (listing(requirements_txt="requests"), ""),
    ],
)
def test_how_it_is_started(found, start):
    told = recipe(found)

    assert (told.start if told is not None else "") == start


MANAGE = "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')"


@pytest.mark.parametrize(
    ("needed", "manage", "start"),
    [
        ("django", MANAGE, "python manage.py runserver --noreload 127.0.0.1:$PORT"),
        ("django\ngunicorn", MANAGE, "gunicorn --bind 127.0.0.1:$PORT shop.wsgi"),
        ("django\nuvicorn", MANAGE, "uvicorn shop.asgi:application --port $PORT"),
        ("gunicorn", "", "python manage.py runserver --noreload 127.0.0.1:$PORT"),
    ],
)
def test_django_is_served_by_what_it_has(needed, manage, start):
    assert recipe(listing(requirements_txt=needed, manage_py=manage)).start == start


@pytest.mark.parametrize(
    "declared",
    [
        {"pyproject_toml": '[project]\ndependencies = [\n  "uvicorn[std]>=0.30",\n]'},
        {"pyproject_toml": '[project]\ndependencies = ["httpx", "uvicorn"]'},
        {"pyproject_toml": '[tool.poetry.dependencies]\nuvicorn = "*"'},
        {"Pipfile": '[packages]\nuvicorn = "*"'},
        {"setup_py": "setup(install_requires=['uvicorn>=0.3'])"},
        {"requirements_txt": "-r base.txt\n  Uvicorn==0.3 # fast\n"},
    ],
)
def test_what_is_needed_is_found_wherever_it_is_declared(declared):
    assert recipe(listing("main.py", **declared)).start == "uvicorn main:app --port $PORT"


@pytest.mark.parametrize("text", ["[project]\ndependencies = 3", "[tool]\npoetry = 3", "[project]"])
def test_a_pyproject_that_is_odd_says_nothing(text):
    assert recipe(listing("main.py", pyproject_toml=text)).start == "python main.py"


def test_without_any_python_it_is_none():
    assert recipe(listing("index.js")) is None
