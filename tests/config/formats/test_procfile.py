import pytest

from pmdaemon.config.formats.procfile import parse


def test_each_line_is_an_app():
    assert parse("# all of it\nweb: node a.js --port $PORT\n\n  worker-2 :  python w.py  \n") == [
        {"name": "web", "script": "node a.js --port $PORT"},
        {"name": "worker-2", "script": "python w.py"},
    ]


@pytest.mark.parametrize("line", ["web", "web:", "a b: c", ": c"])
def test_another_line_is_refused_with_its_number(line):
    with pytest.raises(ValueError, match="expecting name: command at line 2"):
        parse(f"web: node a.js\n{line}\n")
