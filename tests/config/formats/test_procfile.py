import pytest

from pmdaemon.config.formats.procfile import WEB_PORTS, parse, with_surroundings


def test_each_line_is_an_app():
    assert parse("# all of it\nweb: node a.js --port $PORT\n\n  worker-2 :  python w.py  \n") == [
        {"name": "web", "script": "node a.js --port $PORT"},
        {"name": "worker-2", "script": "python w.py"},
    ]


def test_only_line_ends_end_a_line():
    assert parse("web: echo 'a\fb\u2028c'\r\n") == [{"name": "web", "script": "echo 'a\fb\u2028c'"}]


@pytest.mark.parametrize("line", ["web", "web:", "a b: c", ": c"])
def test_another_line_is_refused_with_its_number(line):
    with pytest.raises(ValueError, match="expecting name: command at line 2"):
        parse(f"web: node a.js\n{line}\n")


APPS = [{"name": "web", "script": "node a.js"}, {"name": "worker", "script": "python w.py"}]


def test_the_program_called_web_is_given_a_port_and_no_other(tmp_path):
    web, worker = with_surroundings(APPS, tmp_path, {})

    assert web == {**APPS[0], "port": WEB_PORTS}
    assert worker == APPS[1]


def test_a_port_that_the_caller_names_is_left_to_the_caller(tmp_path):
    assert with_surroundings(APPS, tmp_path, {"PORT": "3000"}) == APPS


def test_variables_of_the_file_beside_it_are_for_all(tmp_path):
    (tmp_path / ".env").touch()

    apps = with_surroundings(APPS, tmp_path, {"PORT": "3000"})

    assert [app["env_file"] for app in apps] == [".env", ".env"]
