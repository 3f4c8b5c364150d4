import pytest

from pmdaemon.config.ecosystem import load


def test_a_file_is_written_for_the_program_that_is_there(cli, folder):
    (folder / "app.py").touch()

    assert cli("init") == 0

    [app] = load(str(folder / "ecosystem.toml"), {}).apps
    assert (app["name"], app["script"]) == (folder.name, "./app.py")
    assert cli.out.startswith("wrote ecosystem.toml: ")


@pytest.mark.parametrize("word", ["init", "ecosystem"])
def test_it_may_be_simple_and_in_another_format(cli, folder, word):
    assert cli(word, "simple", "--format", "json") == 0

    assert load(str(folder / "ecosystem.json"), {}).apps == [
        {"name": folder.name, "script": "./app.js"}
    ]


def test_a_file_that_is_there_is_left_alone(cli, folder):
    (folder / "ecosystem.toml").write_text("mine")

    assert cli("init") == 2

    assert cli.err == "pmdaemon: ecosystem.toml is there already, and was left as it is\n"
    assert (folder / "ecosystem.toml").read_text() == "mine"


def test_none_is_written_beside_one_of_another_format(cli, folder):
    (folder / "ecosystem.config.js").touch()

    assert cli("init") == 2

    assert cli.err == (
        "pmdaemon: ecosystem.config.js is there already, and is read in its place:"
        " ecosystem.toml was not written\n"
    )
    assert [path.name for path in folder.iterdir()] == ["ecosystem.config.js"]


def test_another_word_is_refused(cli, folder):
    assert cli("init", "complex") == 2
    assert list(folder.iterdir()) == []
