import os
from pathlib import Path

import pytest

from pmdaemon.config.command import INTERPRETERS, default_name, resolve
from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.names import app_name


def executable(path):
    path.parent.mkdir(exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def place(tmp_path):
    """A folder of scripts, and beside it `bin`, the whole search path."""
    for program in ("node", "python3", "bash", "ruby", "worker", "runner"):
        executable(tmp_path / "bin" / program)
    folder = tmp_path / "app"
    folder.mkdir()
    for script in ("server.js", "main.py", "tick.sh", "site.rb", "plain", "data.xyz"):
        (folder / script).touch()
    (folder / "my scripts").mkdir()
    (folder / "my scripts" / "a b.js").touch()
    for program in ("run", "cli.py", "worker.bin"):
        executable(folder / program)
    return tmp_path


def argv(place, script, args=(), **more):
    """Resolve, and write the argv with A for the app's folder and B for the search path."""
    command = resolve(script, args, cwd=str(place / "app"), search_path=str(place / "bin"), **more)
    assert os.path.isabs(command.argv[0])
    assert (command.script, command.args) == (script, tuple(args))
    return [
        word.replace(str(place / "app"), "A").replace(str(place / "bin"), "B")
        for word in command.argv
    ]


def refusal(place, script, code, **more):
    with pytest.raises(InvalidInput) as caught:
        argv(place, script, **more)
    assert caught.value.code == code
    return caught.value.message


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("server.js", ["B/node", "A/server.js"]),
        ("./server.js", ["B/node", "A/server.js"]),
        ("main.py", ["B/python3", "A/main.py"]),
        ("tick.sh", ["B/bash", "A/tick.sh"]),
        ("site.rb", ["B/ruby", "A/site.rb"]),
        ("my scripts/a b.js", ["B/node", "A/my scripts/a b.js"]),
        ("cli.py", ["B/python3", "A/cli.py"]),
        ("run", ["A/run"]),
        ("./run", ["A/run"]),
        ("worker.bin", ["A/worker.bin"]),
    ],
)
def test_a_file_runs_by_the_interpreter_of_its_extension_or_by_itself(place, script, words):
    assert argv(place, script) == words


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("node server.js", ["B/node", "server.js"]),
        ("server.js --port 1", ["B/node", "A/server.js", "--port", "1"]),
        ("'my scripts/a b.js' -v", ["B/node", "A/my scripts/a b.js", "-v"]),
        ("./run fast", ["A/run", "fast"]),
        ("worker", ["B/worker"]),
        ("python3 -m http.server", ["B/python3", "-m", "http.server"]),
        ("worker 'a b' \"c d\" e\\ f", ["B/worker", "a b", "c d", "e f"]),
        ("worker '$HOME | cat' \\; \"a;b\"", ["B/worker", "$HOME | cat", ";", "a;b"]),
        ("worker --a=b", ["B/worker", "--a=b"]),
        ("worker it\\'s", ["B/worker", "it's"]),
    ],
)
def test_words_are_executed_without_a_shell(place, script, words):
    assert argv(place, script) == words


@pytest.mark.parametrize(
    "script",
    [
        "worker | cat",
        "worker && worker",
        "worker; worker",
        "worker > /dev/null",
        "worker < input",
        "(worker)",
        "worker $HOME",
        'worker "$HOME"',
        'worker "`date`"',
        "worker *.txt",
        "worker ?.txt",
        "worker [ab]",
        "worker ~/x",
        "worker\nworker",
        "PORT=1 worker",
        "exec worker",
        "cd /",
    ],
)
def test_only_shell_syntax_goes_to_a_shell(place, script):
    assert argv(place, script) == ["/bin/sh", "-c", script]


def test_arguments_of_a_shell_line_are_quoted_behind_it(place):
    assert argv(place, "worker | tee", ["a b", "$x"]) == [
        "/bin/sh",
        "-c",
        "worker | tee 'a b' '$x'",
    ]


def test_arguments_stand_last(place):
    assert argv(place, "server.js -a", ["b c"]) == ["B/node", "A/server.js", "-a", "b c"]


def test_the_second_choice_of_interpreter_serves_when_the_first_is_missing(place):
    (place / "bin" / "bash").rename(place / "bin" / "sh")

    assert argv(place, "tick.sh") == ["B/sh", "A/tick.sh"]


def test_a_program_with_the_name_of_a_file_that_cannot_run_is_found(place):
    (place / "app" / "worker").touch()

    assert argv(place, "worker") == ["B/worker"]


def test_the_search_path_is_relative_to_the_folder_too(place):
    for search_path in ("../bin", "none:../bin"):
        command = resolve("worker x", cwd=str(place / "app"), search_path=search_path)

        assert command.argv == (str(place / "bin" / "worker"), "x")


def test_what_several_apps_want_is_looked_for_once(place):
    found = {}
    first = argv(place, "worker", found=found)
    (place / "bin" / "worker").unlink()

    assert argv(place, "worker", ["-x"], found=found) == [*first, "-x"]
    refusal(place, "worker", "script_not_found")


def test_what_was_found_in_one_folder_is_not_taken_for_what_is_in_another(place):
    found = {}
    assert argv(place, "run", found=found) == ["A/run"]
    other = executable(place / "bin" / "run")

    command = resolve("run", cwd=str(place), search_path=str(place / "bin"), found=found)

    assert command.argv == (str(other),)


def test_an_empty_part_of_the_search_path_is_the_folder(place):
    command = resolve(
        "server.js", interpreter="run", cwd=str(place / "app"), search_path=f"{place}/none:"
    )

    assert command.argv == (str(place / "app" / "run"), str(place / "app" / "server.js"))


def test_a_tilde_stands_for_the_users_folder(place, monkeypatch):
    monkeypatch.setenv("HOME", str(place / "app"))

    assert argv(place, "~/server.js") == ["B/node", "A/server.js"]


@pytest.mark.parametrize(
    ("interpreter", "words"),
    [
        ("ruby", ["B/ruby", "A/server.js"]),
        ("./run", ["A/run", "A/server.js"]),
        ("runner exec node", ["B/runner", "exec", "node", "A/server.js"]),
    ],
)
def test_an_interpreter_may_be_chosen(place, interpreter, words):
    assert argv(place, "server.js", interpreter=interpreter) == words


def test_arguments_of_the_interpreter_stand_before_the_script(place):
    flags = {"interpreter_args": ["--inspect"]}

    assert argv(place, "server.js", **flags) == ["B/node", "--inspect", "A/server.js"]
    assert argv(place, "plain x", ["y"], interpreter="ruby", **flags) == [
        *("B/ruby", "--inspect", "A/plain", "x", "y")
    ]


@pytest.mark.parametrize("script", ["run", "worker", "worker | cat"])
def test_arguments_for_no_interpreter_are_refused(place, script):
    message = refusal(place, script, "interpreter_not_found", interpreter_args=["--inspect"])

    assert "interpreter_args mean nothing" in message


def test_without_interpreter_the_file_itself_runs(place):
    assert argv(place, "cli.py -x", interpreter="none") == ["A/cli.py", "-x"]


def test_without_interpreter_the_file_has_to_be_executable(place):
    refusal(place, "server.js", "script_not_executable", interpreter="none")


@pytest.mark.parametrize("more", [{}, {"interpreter": "ruby"}])
def test_a_script_that_its_interpreter_cannot_read_is_refused(place, monkeypatch, more):
    # Nothing is kept from root, who may be running this.
    monkeypatch.setattr(os, "access", lambda _, mode: mode != os.R_OK)

    refusal(place, "server.js", "script_not_readable", **more)


@pytest.mark.parametrize(
    "script",
    ["nope", "./nope.js", "/nope", "nope x", "", "  ", "a\0b", "x" * 10_000, "-rf", "it's"],
)
@pytest.mark.parametrize("more", [{}, {"interpreter": "ruby"}, {"interpreter": "none"}])
def test_what_is_not_there_is_refused(place, script, more):
    message = refusal(place, script, "script_not_found", **more)

    assert message.isprintable()
    assert len(message) < 400


@pytest.mark.parametrize("script", ["app/main.py", "/closed/tool -x"])
def test_what_lies_behind_a_closed_folder_is_not_said_to_be_missing(place, monkeypatch, script):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    # Nothing is closed to root, who may be running this.
    monkeypatch.setattr(Path, "stat", refuse)
    monkeypatch.setattr(os.path, "isfile", lambda _: False)

    assert "permission denied" in refusal(place, script, "script_not_readable")


@pytest.mark.parametrize("script", ["plain", "data.xyz", "./plain x", "my\\ scripts", ".."])
def test_what_cannot_be_executed_is_refused(place, script):
    refusal(place, script, "script_not_executable")


def test_a_missing_script_is_named_with_the_folder_it_was_looked_for_in(place):
    message = refusal(place, "./nope.js", "script_not_found")

    assert message == (f"cannot run ./nope.js: no such file or program (looked in {place / 'app'})")


def test_a_missing_interpreter_is_named(place):
    (place / "bin" / "python3").unlink()

    assert "python3 or python is not installed" in refusal(
        place, "main.py", "interpreter_not_found"
    )


@pytest.mark.parametrize("interpreter", ["perl", "./nope", "", "plain", "it's", "a\0b"])
def test_an_interpreter_that_is_not_there_is_refused(place, interpreter):
    with pytest.raises(InvalidInput):
        argv(place, "server.js", interpreter=interpreter)


@pytest.mark.parametrize(
    ("folder", "reason"),
    [
        ("nope", "no such folder"),
        ("app/plain", "it is not a folder"),
        ("a\0b", "no such folder"),
        ("x" * 5000, "file name too long"),
    ],
)
def test_a_folder_that_cannot_be_used_is_refused(place, folder, reason):
    with pytest.raises(InvalidInput, match=reason) as caught:
        resolve("worker", cwd=str(place / folder), search_path=str(place / "bin"))

    assert caught.value.code == "cwd_not_found"


def test_an_unreadable_folder_is_refused(place):
    (place / "app").chmod(0)
    if os.access(place / "app", os.R_OK):
        pytest.skip("root may read everything")

    with pytest.raises(InvalidInput, match="permission denied"):
        argv(place, "worker")


@pytest.mark.parametrize(
    ("script", "name"),
    [
        ("server.js", "server"),
        ("./dist/server.min.js", "server.min"),
        ("my scripts/a b.js", "a b"),
        ("node server.js", "server"),
        ("/usr/bin/node --inspect ./server.js", "server"),
        ("node -e 'console.log(1)'", "node"),
        ("node", "node"),
        ("python3 -m http.server", "http.server"),
        ("python3.12 -u main.py", "main"),
        ("npm run start", "npm"),
        ("PORT=1 DEBUG=x node server.js", "server"),
        ("exec node server.js", "server"),
        ("worker | cat", "worker"),
        ("all.js", "all.js"),
        ("all", "app"),
        ("..", "app"),
        ("/", "app"),
        ("", "app"),
        ("-rf", "rf"),
        ("it's", "it's"),
        ("a\tb", "a"),
        ("x" * 200, "x" * 128),
    ],
)
def test_an_app_is_named_after_its_script(place, script, name):
    assert default_name(script, str(place / "app")) == name
    assert app_name(name) == name


def test_every_extension_has_an_interpreter():
    assert all(key.startswith(".") and names for key, names in INTERPRETERS.items())
