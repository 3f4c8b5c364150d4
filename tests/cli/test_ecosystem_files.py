import pytest

from pmdaemon.cli.ecosystem_files import (
    DEFAULT_NAMES,
    apps_of,
    default_file,
    folder_of,
    is_file_of_apps,
    names_in,
)
from pmdaemon.cli.errors import WrongUsage
from pmdaemon.core.errors import InvalidInput

FILE = """
[[apps]]
name = "web"
script = "web.js"
env = { MODE = "plain", PORT = "1" }
env_production = { MODE = "fast" }

[[apps]]
script = "tools/worker.py"
"""


@pytest.fixture
def path(folder):
    (folder / "eco.toml").write_text(FILE)
    return "eco.toml"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("eco.toml", True),
        ("./my.json", True),
        ("ecosystem.config.js", True),
        ("server.js", False),
        ("cat data.json", False),
        ("app", False),
    ],
)
def test_a_command_that_ends_like_a_file_is_a_command(folder, text, expected):
    assert is_file_of_apps(text) is expected


def test_a_file_with_a_space_in_its_name_is_a_file(folder):
    (folder / "my apps.json").write_text("[]")

    assert is_file_of_apps("my apps.json")


def test_the_default_files_are_tried_in_order(folder):
    for name in reversed(DEFAULT_NAMES):
        (folder / name).touch()
        assert default_file(str(folder)) == name


def test_with_nothing_to_start_the_sentence_says_what_to_do(folder):
    with pytest.raises(WrongUsage, match="nothing to start"):
        default_file(str(folder))


def test_all_apps_are_read(path):
    assert [app.get("name") for app in apps_of(path)] == ["web", None]


def test_some_may_be_chosen(path):
    assert [app["name"] for app in apps_of(path, only=" web ")] == ["web"]
    with pytest.raises(InvalidInput, match=r"no app nope in eco\.toml"):
        apps_of(path, only="web,nope")


def test_an_environment_is_laid_over_the_common_one(path):
    web, worker = apps_of(path, env_name="production")

    assert web["env"] == {"MODE": "fast", "PORT": "1"}
    assert "env_production" not in web
    assert worker["env"] == {}


def test_an_environment_that_no_app_has_is_refused(path):
    with pytest.raises(InvalidInput, match=r"no app in eco\.toml has env_staging"):
        apps_of(path, env_name="staging")


def test_relative_paths_are_relative_to_the_file(folder):
    assert folder_of("sub/eco.toml") == f"{folder}/sub"


def test_apps_without_a_name_have_that_of_their_script(path):
    assert names_in(path) == ["web", "worker"]
