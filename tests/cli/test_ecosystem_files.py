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

FILE = """
deploy = 1
[[apps]]
name = "web"
script = "web.js"
env = { MODE = "plain" }
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
        ("-", True),
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
    (folder / "Procfile").touch()
    assert default_file(str(folder)) == "Procfile"
    (folder / "package.json").write_text('{"apps": [{"script": "x"}]}')
    assert default_file(str(folder)) == "package.json"
    for name in reversed(DEFAULT_NAMES):
        (folder / name).touch()
        assert default_file(str(folder)) == name


@pytest.mark.parametrize("text", ['{"name": "x"}', "{", '{"apps": 7}'])
def test_a_package_that_is_not_for_us_is_none_of_them(folder, text):
    (folder / "package.json").write_text(text)

    with pytest.raises(WrongUsage, match="no ecosystem file"):
        default_file(str(folder))


def test_a_file_is_read_with_how_it_is_meant(path, folder):
    file = apps_of(path, {})

    assert [app.get("name") for app in file.apps] == ["web", None]
    assert file.how == {
        "source": "eco.toml",
        "relative_to": str(folder),
        "interpolate": True,
        "env_name": None,
        "file": str(folder / "eco.toml"),
    }
    assert file.warnings == ("deploy: not acted on by this release",)


def test_apps_and_an_environment_may_be_chosen(path):
    file = apps_of(path, {}, only=["web"], env_name="production")

    assert file.apps == [{"name": "web", "script": "web.js", "env": {"MODE": "fast"}}]
    assert file.how["env_name"] == "production"
    assert len(file.warnings) == 1


def test_relative_paths_are_relative_to_the_file(folder):
    assert folder_of("sub/eco.toml") == f"{folder}/sub"


def test_apps_without_a_name_have_that_of_their_script(path):
    assert names_in(path, {}) == ["web", "worker"]
    assert names_in(path, {}, ["worker"]) == ["worker"]
