import os

import pytest

from pmdaemon.adapters.release_folders import LONGEST_TEXT, ProjectFolders
from pmdaemon.core.logs import OutputStream, file_name
from pmdaemon.engine.interfaces.deploying import CannotRelease


def a_release(folders, name, **files):
    folder = folders.make("p1", name)
    os.makedirs(folder)
    for file, text in files.items():
        with open(os.path.join(folder, file.replace("_", ".")), "w") as written:
            written.write(text)
    return folder


def test_folders_are_for_their_owner_alone(tmp_path):
    folders = ProjectFolders(tmp_path / "projects", tmp_path / "logs")

    for folder in (folders.build_home("p1"), folders.shared("p1"), a_release(folders, "1-abc")):
        assert os.path.isdir(folder)
    for folder in (tmp_path / "projects", tmp_path / "projects" / "p1"):
        assert folder.stat().st_mode & 0o077 == 0


def test_it_looks_at_names_and_at_the_texts_that_tell(tmp_path):
    folders = ProjectFolders(tmp_path, tmp_path / "logs")
    folder = a_release(folders, "1-abc", package_json="{}", secret_txt="x")
    os.mkdir(os.path.join(folder, "public"))
    with open(os.path.join(folder, "public", "index.html"), "w"):
        pass

    listing = folders.listing(folder, "")

    assert listing.names == {"package.json", "secret.txt", "public/", "public/index.html"}
    assert dict(listing.texts) == {"package.json": "{}"}


def test_of_a_text_that_is_too_long_the_beginning_is_read(tmp_path):
    folders = ProjectFolders(tmp_path, tmp_path / "logs")
    folder = a_release(folders, "1-abc", main_py="x" * (LONGEST_TEXT + 5))

    assert len(folders.listing(folder, "").text("main.py")) == LONGEST_TEXT


def test_what_is_no_file_is_not_waited_for(tmp_path):
    folders = ProjectFolders(tmp_path, tmp_path / "logs")
    folder = a_release(folders, "1-abc")
    os.mkfifo(os.path.join(folder, "Procfile"))

    assert folders.listing(folder, "").text("Procfile") == ""


@pytest.mark.parametrize("run_dir", ["nothing", "out"])
def test_a_folder_that_is_not_in_it_is_refused(tmp_path, run_dir):
    folders = ProjectFolders(tmp_path, tmp_path / "logs")
    folder = a_release(folders, "1-abc")
    os.symlink(tmp_path, os.path.join(folder, "out"))

    with pytest.raises(CannotRelease, match="there is no folder"):
        folders.listing(folder, run_dir)


def test_current_leads_to_what_is_live(tmp_path):
    folders = ProjectFolders(tmp_path, tmp_path / "logs")
    first, second = a_release(folders, "1-abc"), a_release(folders, "2-abc")
    folders.point_at("p1", first)
    folders.point_at("p1", second)

    current = tmp_path / "p1" / "current"
    assert (os.readlink(current), os.path.realpath(current)) == ("releases/2-abc", second)


async def test_only_what_is_kept_stays(tmp_path):
    folders = ProjectFolders(tmp_path, tmp_path / "logs")
    first, second = a_release(folders, "1-abc", a_txt="x"), a_release(folders, "2-abc")
    os.mkdir(os.path.join(first, "closed"))
    os.chmod(os.path.join(first, "closed"), 0)

    await folders.keep_only("p1", {second})

    assert os.listdir(tmp_path / "p1" / "releases") == ["2-abc"]
    assert (folders.exists(first), folders.exists(second)) == (False, True)


async def test_a_project_is_removed_with_everything(tmp_path):
    folders = ProjectFolders(tmp_path, tmp_path / "logs")
    a_release(folders, "1-abc", a_txt="x")

    await folders.remove("p1")
    await folders.remove("p1")

    assert os.listdir(tmp_path) == []


async def test_what_a_link_leads_to_is_not_removed(tmp_path):
    folders = ProjectFolders(tmp_path / "projects", tmp_path / "logs")
    folder = a_release(folders, "1-abc")
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "a").write_text("x")
    os.symlink(tmp_path / "precious", os.path.join(folder, "link"))

    await folders.keep_only("p1", set())

    assert (tmp_path / "precious" / "a").exists()


def test_what_a_daemon_that_died_left_of_a_release_is_not_built_upon(tmp_path):
    folders = ProjectFolders(tmp_path, tmp_path / "logs")
    a_release(folders, "1-abc", a_txt="x")

    assert not os.path.exists(folders.make("p1", "1-abc"))


def test_it_knows_how_much_room_is_left(tmp_path):
    assert ProjectFolders(tmp_path / "not" / "yet", tmp_path).free_bytes() > 0


def test_output_of_long_ago_is_forgotten(tmp_path):
    logs = tmp_path / "logs"
    logs.mkdir()
    names = [file_name(f"{app}", 0, OutputStream.OUT) for app in (
        "shop@1", "shop@1.worker", "shop@2", "shop@12", "shop", "shop2@1",
    )]  # fmt: skip
    for name in names:
        (logs / name).write_text("x")
    folders = ProjectFolders(tmp_path, logs)

    folders.forget_output("shop", 2)
    assert sorted(os.listdir(logs)) == sorted([names[3], *names[4:]])
    folders.forget_output("shop")
    assert sorted(os.listdir(logs)) == sorted(names[4:])
